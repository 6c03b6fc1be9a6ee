// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What people do about messages that did not arrive: find them, send them again (one, or many after a count), and settle what nobody knows.
 */
import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';
import {
    acceptedFor, auditOf, create, forEachStore, freshCode, freshNumber, isProblem, keep, message, order, reaches, sendsFor, startService, states, until,
} from './harness.mjs';

const MISSING = '01890000-0000-7000-8000-000000000000';
const OF_ALL = { from: '2000-01-01T00:00:00Z' };

forEachStore((store) => {
    let gateway;
    let service;
    const manager = () => service.as({ roles: ['manager'], sub: 'manager-1' });
    const resend = ({ message: { id } }, query) => manager().request('POST', `/v1/messages/${id}/resend`, { query });
    const resendAll = (members) => manager().post('/v1/messages/resend', members);
    const settle = ({ message: { id } }, members) => manager().post(`/v1/messages/${id}/settle`, members);
    const hexId = (id) => (store.name === 'sqlite' ? `x'${id.replaceAll('-', '')}'` : `'${id}'`);
    const change = ({ message: { id } }, what) => service.database.change(`update messages set ${what} where id = ${hexId(id)}`);

    before(async () => {
        gateway = keep(await startGateway());
        service = await startService({ store, gateway });
    });
    afterEach(() => gateway.reset());

    /** A message that ended so; the rule that made it so is gone. */
    async function ended(mode, state, members = {}) {
        const phone = members.phone ?? freshNumber();
        gateway.control({ mode, to: phone, next: 1 });
        const made = await order(service, { ...members, phone });
        await reaches(service, made, state);
        return made;
    }
    const dead = (members) => ended(403, 'dead', members);
    const unknown = (members) => ended('truncated', 'unknown', members);

    /** Orders of one customer whose messages all died. */
    async function deadOnes(count) {
        const code = freshCode('Bulk');
        const phone = freshNumber();
        await create(service, 'customers', { code, name: 'Wanjiru', phone });
        gateway.control({ mode: 403, to: phone });
        const made = [];
        for (let i = 0; i < count; i++) made.push({ ...await create(service, 'orders', { customer: code, item: `Item ${i}`, amount: '1' }), to: phone });
        for (const one of made) await reaches(service, one, 'dead');
        gateway.reset();
        return { code, phone, made };
    }

    async function switchSending(sending) {
        assert.equal((await manager().request('PUT', '/v1/gateway', { json: { sending } })).status, 200);
    }

    describe('one message', () => {
        for (const [mode, why] of [[403, /does not know this number/], [404, /cannot receive SMS/], [409, /refuses messages of this kind/]]) {
            it(`O09 refused by ${mode} is dead at once, is found, and can be sent again`, async () => {
                const made = await ended(mode, 'dead');
                const before = await message(service, made);
                assert.equal(before.attempts, 1);
                assert.match(before.failure, why);
                const { data } = (await service.get('/v1/messages', { query: { state: 'dead', order: made.id } })).json;
                assert.equal(data[0].id, before.id);

                const answer = await resend(made);
                assert.equal(answer.status, 200, answer.text);
                assert.deepEqual([answer.json.id, answer.json.state, answer.json.attempts], [before.id, 'queued', 0]);
                for (const member of ['failure', 'provider_id', 'provider_status', 'cost']) assert.ok(!(member in answer.json), member);
                assert.ok(answer.json.expires_at > before.expires_at);
                assert.equal(answer.json.created_at, before.created_at);
                const sent = await reaches(service, made, 'accepted');
                assert.equal(sent.attempts, 1);
                assert.deepEqual(states(sent), ['queued', 'sending', 'dead', 'queued', 'sending', 'accepted']);
                assert.equal(sent.body, before.body);
                assert.equal(acceptedFor(gateway, made).length, 1);
                const [entry, ...more] = await auditOf(service, { record: before.id });
                assert.deepEqual(more, []);
                assert.deepEqual([entry.action, entry.subject, entry.request_id], ['message.resent', 'manager-1', answer.headers['x-request-id']]);
            });
        }

        it('O20 resent twice is sent once', async () => {
            const made = await dead();
            const answers = await Promise.all(Array.from({ length: 8 }, () => resend(made)));
            assert.equal(answers.filter(({ status }) => status === 200).length, 1);
            for (const answer of answers.filter(({ status }) => status !== 200)) isProblem(answer, 409, 'not_resendable');
            await reaches(service, made, 'accepted');
            isProblem(await resend(made), 409, 'not_resendable');
            await reaches(service, await order(service), 'accepted');
            assert.equal(acceptedFor(gateway, made).length, 1);
            assert.equal((await auditOf(service, { record: made.message.id })).length, 1);
        });

        it('O11 of unknown end is held, and sent again only for whoever says so', async () => {
            const made = await unknown();
            isProblem(await resend(made), 409, 'not_resendable');
            isProblem(await resend(made, { unknown: 'false' }), 409, 'not_resendable');
            for (const value of ['yes', '1', '', 'TRUE']) isProblem(await resend(made, { unknown: value }), 400, 'bad_parameter');
            isProblem(await resend(made, { force: 'true' }), 400, 'unknown_parameter');
            await reaches(service, await order(service), 'accepted');
            assert.deepEqual([(await message(service, made)).state, sendsFor(gateway, made).length], ['unknown', 1]);
            assert.equal((await resend(made, { unknown: 'true' })).status, 200);
            const sent = await reaches(service, made, 'accepted');
            assert.deepEqual(states(sent), ['queued', 'sending', 'unknown', 'queued', 'sending', 'accepted']);
            assert.equal(acceptedFor(gateway, made).length, 2);
        });

        it('whose report said failed, or that expired, can be sent again', async () => {
            const failed = await order(service);
            await reaches(service, failed, 'accepted');
            await change(failed, "state = 'failed'");
            await switchSending(false);
            const expired = await order(service);
            const past = Date.now() - 60_000;
            await change(expired, `expires_at = ${store.name === 'sqlite' ? past : `to_timestamp(${past / 1000})`}`);
            await reaches(service, expired, 'expired');
            assert.ok((await service.metrics()).agizo_sms_expired_total >= 1);
            await switchSending(true);
            for (const made of [failed, expired]) {
                const answer = await resend(made);
                assert.equal(answer.status, 200, answer.text);
                assert.ok(Date.parse(answer.json.expires_at) - Date.now() > 86_000_000);
                await reaches(service, made, 'accepted');
            }
            assert.deepEqual([acceptedFor(gateway, failed).length, acceptedFor(gateway, expired).length], [2, 1]);
        });

        it('in any other state is not sent again', async () => {
            const accepted = await order(service);
            await reaches(service, accepted, 'accepted');
            const skipped = await order(service, { phone: null });
            const suppressed = await order(service, { customer: { sms_opt_out: true } });
            await switchSending(false);
            const queued = await order(service);
            for (const made of [accepted, skipped, suppressed, queued]) {
                isProblem(await resend(made), 409, 'not_resendable');
                isProblem(await resend(made, { unknown: 'true' }), 409, 'not_resendable');
            }
            await switchSending(true);
            await reaches(service, queued, 'accepted');
            await change(accepted, "state = 'delivered'");
            isProblem(await resend(accepted), 409, 'not_resendable');
            assert.equal(acceptedFor(gateway, accepted).length, 1);
        });

        it('whose text is gone is not sent again', async () => {
            const made = await dead();
            await change(made, "body = ''");
            isProblem(await resend(made), 409, 'not_resendable');
            const { json } = await resendAll({ state: 'dead', customer: made.customer, dry_run: true });
            assert.deepEqual(json, { matched: 0, resent: 0, dry_run: true });
        });

        it('that is not there is 404', async () => {
            for (const id of [MISSING, 'x', '%20']) isProblem(await manager().request('POST', `/v1/messages/${id}/resend`), 404, 'not_found');
        });
    });

    describe('many messages', () => {
        it('are counted first, and sent again oldest first', async () => {
            const { code, made } = await deadOnes(5);
            for (let i = 0; i < 2; i++) assert.deepEqual((await resendAll({ state: 'dead', customer: code, dry_run: true })).json, { matched: 5, resent: 0, dry_run: true });
            assert.deepEqual((await resendAll({ state: 'dead', customer: code.toLowerCase(), limit: 2, dry_run: true })).json, { matched: 2, resent: 0, dry_run: true });
            for (const one of made) assert.equal((await message(service, one)).state, 'dead');
            assert.deepEqual(await auditOf(service, { record: 'dead' }), []);
            const answer = await resendAll({ state: 'dead', customer: code, limit: 2, dry_run: false });
            assert.deepEqual([answer.status, answer.json], [200, { matched: 2, resent: 2, dry_run: false }]);
            for (const one of made.slice(0, 2)) await reaches(service, one, 'accepted');
            for (const one of made.slice(2)) assert.equal((await message(service, one)).state, 'dead');
            const [entry, ...more] = await auditOf(service, { record: 'dead' });
            assert.deepEqual(more, []);
            assert.deepEqual([entry.action, entry.subject, entry.request_id], ['messages.resent', 'manager-1', answer.headers['x-request-id']]);
        });

        it('O20 of a filter that is given twice are sent once each', async () => {
            const { code, made } = await deadOnes(12);
            const answers = await Promise.all(Array.from({ length: 6 }, () => resendAll({ state: 'dead', customer: code, dry_run: false })));
            assert.ok(answers.every(({ status }) => status === 200), answers.map(({ text }) => text).join());
            assert.equal(answers.reduce((sum, { json }) => sum + json.resent, 0), 12);
            for (const one of made) await reaches(service, one, 'accepted');
            assert.equal(gateway.accepted().filter(({ to }) => to === made[0].to).length, 12);
            assert.deepEqual((await resendAll({ state: 'dead', customer: code, dry_run: false })).json, { matched: 0, resent: 0, dry_run: false });
        });

        it('are found by when they were made', async () => {
            const { code, made } = await deadOnes(3);
            const times = [];
            for (const one of made) times.push((await message(service, one)).created_at);
            const count = async (range) => (await resendAll({ state: 'dead', customer: code, dry_run: true, ...range })).json.matched;
            assert.equal(await count(OF_ALL), 3);
            assert.equal(await count({ from: times[0], to: times[2] }), times[1] === times[2] ? 1 : 2);
            assert.equal(await count({ to: times[0] }), 0);
            assert.equal(await count({ from: new Date(Date.parse(times[2]) + 1).toISOString() }), 0);
            assert.equal(await count({ from: times[2], to: times[0] }), 0);
        });

        it('are of one state: no unknown, no other customer’s', async () => {
            const { code, made } = await deadOnes(1);
            const other = await unknown({ customer: {} });
            assert.equal((await resendAll({ state: 'failed', customer: code, dry_run: true })).json.matched, 0);
            assert.equal((await resendAll({ state: 'expired', customer: code, dry_run: true })).json.matched, 0);
            assert.equal((await resendAll({ state: 'dead', customer: other.customer, dry_run: false })).json.matched, 0);
            assert.equal((await resendAll({ state: 'dead', customer: 'NoSuch', dry_run: true })).json.matched, 0);
            assert.equal((await message(service, made[0])).state, 'dead');
            assert.equal((await message(service, other)).state, 'unknown');
        });

        it('have bounds, and must be asked for in full', async () => {
            for (const [members, pointers] of [
                [{}, ['/state', '/dry_run']], [{ state: 'dead' }, ['/dry_run']], [{ dry_run: true }, ['/state']], [{ state: 'unknown', dry_run: true }, ['/state']], [{ state: 'queued', dry_run: true }, ['/state']],
                [{ state: 'gone', dry_run: true }, ['/state']], [{ state: 'dead', dry_run: 'true' }, ['/dry_run']], [{ state: 'dead', dry_run: true, limit: 0 }, ['/limit']],
                [{ state: 'dead', dry_run: true, limit: 1001 }, ['/limit']], [{ state: 'dead', dry_run: true, limit: '5' }, ['/limit']], [{ state: 'dead', dry_run: true, limit: 1.5 }, ['/limit']],
                [{ state: 'dead', dry_run: true, from: 'today' }, ['/from']], [{ state: 'dead', dry_run: true, customer: 'a b' }, ['/customer']],
            ]) isProblem(await resendAll(members), 422, 'invalid', pointers);
            isProblem(await resendAll({ state: 'dead', dry_run: true, order: MISSING }), 400, 'unknown_member');
            assert.equal((await resendAll({ state: 'dead', dry_run: true, limit: 1000 })).status, 200);
        });
    });

    describe('settling by hand', () => {
        for (const [state, members, failure] of [['delivered', {}, undefined], ['failed', { note: 'she says that nothing came' }, 'she says that nothing came'], ['failed', {}, undefined]]) {
            it(`makes an unknown message ${state}${failure ? ', with a note' : ''}`, async () => {
                const made = await unknown();
                const answer = await settle(made, { state, ...members });
                assert.equal(answer.status, 200, answer.text);
                assert.deepEqual([answer.json.state, answer.json.failure, 'delivered_at' in answer.json], [state, failure, state === 'delivered']);
                assert.deepEqual(states(answer.json), ['queued', 'sending', 'unknown', state]);
                assert.deepEqual(await message(service, made), answer.json);
                isProblem(await settle(made, { state }), 409, 'not_unknown');
                const entries = await auditOf(service, { record: made.message.id });
                assert.deepEqual(entries.map(({ action, subject }) => [action, subject]), [['message.settled', 'manager-1']]);
            });
        }

        it('as failed opens the way to send it again', async () => {
            const made = await unknown();
            await settle(made, { state: 'failed' });
            assert.equal((await resend(made)).status, 200);
            await reaches(service, made, 'accepted');
            assert.equal(acceptedFor(gateway, made).length, 2);
        });

        it('at once by several people counts once', async () => {
            const made = await unknown();
            const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => settle(made, { state: i % 2 ? 'failed' : 'delivered' })));
            const [won, ...more] = answers.filter(({ status }) => status === 200);
            assert.deepEqual(more, []);
            for (const answer of answers.filter((one) => one !== won)) isProblem(answer, 409, 'not_unknown');
            assert.equal((await message(service, made)).state, won.json.state);
        });

        it('is for unknown messages, and two words', async () => {
            const made = await dead();
            isProblem(await settle(made, { state: 'delivered' }), 409, 'not_unknown');
            for (const [members, pointers] of [[{}, ['/state']], [{ state: 'accepted' }, ['/state']], [{ state: 'dead' }, ['/state']], [{ state: 'delivered', note: '' }, ['/note']],
                [{ state: 'failed', note: 'x'.repeat(201) }, ['/note']]]) isProblem(await settle(made, members), 422, 'invalid', pointers);
            isProblem(await settle(made, { state: 'failed', failure: 'x' }), 400, 'unknown_member');
            isProblem(await settle({ message: { id: MISSING } }, { state: 'delivered' }), 404, 'not_found');
            assert.equal((await message(service, made)).state, 'dead');
        });
    });

    it('is for managers alone', async () => {
        const [first, second] = [await dead(), await unknown()];
        const before = await service.count('audit_log');
        for (const role of ['viewer', 'clerk', 'customer']) {
            const person = service.as({ roles: [role], customer_code: first.customer });
            isProblem(await person.request('POST', `/v1/messages/${first.message.id}/resend`), 403, 'insufficient_scope');
            isProblem(await person.post('/v1/messages/resend', { state: 'dead', dry_run: false }), 403, 'insufficient_scope');
            isProblem(await person.post(`/v1/messages/${second.message.id}/settle`, { state: 'delivered' }), 403, 'insufficient_scope');
        }
        assert.deepEqual([(await message(service, first)).state, (await message(service, second)).state], ['dead', 'unknown']);
        await until('their refusals are in the log', async () => await service.count('audit_log') === before + 9);
        const entries = await auditOf(service, { record: `POST /v1/messages/${first.message.id}/resend` });
        assert.deepEqual(entries.map(({ action }) => action), ['refused', 'refused', 'refused']);
    });
});
