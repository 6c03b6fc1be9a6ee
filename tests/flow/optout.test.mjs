// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Who wants no SMS: by the gateway's opt-out callback, by its status 406, by hand over /v1/suppressions, and by the customer's own setting.
 */
import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';
import {
    CALLBACK_SECRET, acceptedFor, auditOf, callback, create, forEachStore, freshCode, freshNumber, isProblem, keep, message, order, reaches, sendsFor, startService, states,
} from './harness.mjs';

const SENDER = 'AGIZO';
const SETTINGS = { AGIZO_SMS_CALLBACK_SECRET: CALLBACK_SECRET, AGIZO_SMS_SENDER: SENDER };
const MEMBERS = ['id', 'phone', 'sender', 'source', 'reason', 'created_by', 'created_at'];
const MISSING = '01890000-0000-7000-8000-000000000000';

forEachStore((store) => {
    let gateway;
    let service;
    const manager = () => service.as({ roles: ['manager'], sub: 'manager-1' });

    before(async () => {
        gateway = keep(await startGateway());
        service = await startService({ store, gateway, settings: SETTINGS });
    });
    afterEach(() => gateway.reset());

    async function list(query) {
        const answer = await service.get('/v1/suppressions', { query });
        assert.equal(answer.status, 200, answer.text);
        return answer.json;
    }

    async function listed(phone) {
        return (await list({ phone })).data;
    }

    async function suppress(members, status = 201) {
        const answer = await manager().post('/v1/suppressions', members);
        assert.equal(answer.status, status, answer.text);
        return answer.json;
    }

    async function optOut(phone, sender = SENDER) {
        const answer = await callback(service, 'optout', { phoneNumber: phone, senderId: sender });
        assert.equal(answer.status, 200, answer.text);
    }

    /** Its order's message is suppressed and never went out. */
    async function getsNothing(phone) {
        const made = await order(service, { phone });
        const seen = await reaches(service, made, 'suppressed');
        assert.match(seen.failure, /on the list/);
        assert.deepEqual(states(seen), ['queued', 'suppressed']);
        assert.deepEqual(sendsFor(gateway, made), []);
    }

    async function switchSending(sending) {
        const answer = await manager().request('PUT', '/v1/gateway', { json: { sending } });
        assert.equal(answer.status, 200, answer.text);
    }

    describe('an opt-out at the gateway', () => {
        it('ends SMS of this sender to the number, and is on the list', async () => {
            const phone = freshNumber();
            await reaches(service, await order(service, { phone }), 'accepted');
            await optOut(phone);
            const [row, ...more] = await listed(phone);
            assert.deepEqual(more, []);
            assert.deepEqual([row.phone, row.sender, row.source], [phone, SENDER, 'optout']);
            const made = await order(service, { phone });
            const seen = await reaches(service, made, 'suppressed');
            assert.match(seen.failure, /on the list/);
            assert.equal(acceptedFor(gateway, made).length, 1);
        });

        it('is one however often it comes, and one line of the audit log', async () => {
            const phone = freshNumber();
            for (let i = 0; i < 3; i++) await optOut(phone, i ? SENDER.toLowerCase() : SENDER);
            assert.equal((await listed(phone)).length, 1);
            assert.deepEqual((await auditOf(service, { record: phone })).map(({ action }) => action), ['suppression.added']);
        });

        it('of another sender is not ours', async () => {
            const phone = freshNumber();
            await optOut(phone, 'SHOP');
            const made = await order(service, { phone });
            await reaches(service, made, 'accepted');
            assert.equal((await listed(phone)).length, 1);
        });

        it('that names no sender ends all', async () => {
            const phone = freshNumber();
            const { status } = await callback(service, 'optout', { phoneNumber: phone });
            assert.equal(status, 200);
            assert.equal((await listed(phone))[0].sender, '');
            await getsNothing(phone);
        });

        it('of what is no number is refused', async () => {
            for (const fields of [{}, { senderId: SENDER }, { phoneNumber: 'hello', senderId: SENDER }, { phoneNumber: '+254201234567', senderId: SENDER }]) {
                isProblem(await callback(service, 'optout', fields), 400, 'malformed');
            }
            isProblem(await callback(service, 'optout', { phoneNumber: freshNumber() }, { secret: 'nobodys-secret-012345678' }), 401, 'invalid_callback');
        });

        it('suppresses what was queued before it', async () => {
            const phone = freshNumber();
            await switchSending(false);
            const made = await order(service, { phone });
            assert.equal((await message(service, made)).state, 'queued');
            await optOut(phone);
            await switchSending(true);
            await reaches(service, made, 'suppressed');
            assert.deepEqual(sendsFor(gateway, made), []);
            assert.ok((await service.metrics()).agizo_sms_suppressed_total >= 1);
        });
    });

    describe('the gateway’s 406', () => {
        it('suppresses the message and the number for this sender', async () => {
            const phone = freshNumber();
            gateway.control({ mode: 406, to: phone });
            const made = await order(service, { phone });
            const seen = await reaches(service, made, 'suppressed');
            assert.match(seen.failure, /opted out/);
            assert.equal(seen.provider_status, '406 UserInBlacklist');
            const [row] = await listed(phone);
            assert.deepEqual([row.sender, row.source], [SENDER, 'gateway']);
            gateway.reset();
            const second = await order(service, { phone });
            await reaches(service, second, 'suppressed');
            assert.equal(sendsFor(gateway, made).length, 1);
        });
    });

    describe('a customer who opted out', () => {
        it('after the order gets no SMS either', async () => {
            const phone = freshNumber();
            await switchSending(false);
            const made = await order(service, { phone });
            await service.database.change(`update customers set sms_opt_out = ${store.name === 'sqlite' ? 1 : 'true'} where phone = '${phone}'`);
            await switchSending(true);
            assert.match((await reaches(service, made, 'suppressed')).failure, /opted out/);
            assert.deepEqual(sendsFor(gateway, made), []);
        });
    });

    describe('/v1/suppressions', () => {
        it('adds a number, which is then suppressed', async () => {
            const phone = freshNumber();
            const answer = await manager().post('/v1/suppressions', { phone: `0${phone.slice(4)}`, sender: SENDER, reason: 'asked at the counter' });
            assert.equal(answer.status, 201, answer.text);
            const row = answer.json;
            assert.deepEqual(Object.keys(row), MEMBERS);
            assert.deepEqual(row, { id: row.id, phone, sender: SENDER, source: 'manual', reason: 'asked at the counter', created_by: 'manager-1', created_at: row.created_at });
            assert.deepEqual(await listed(phone), [row]);
            await getsNothing(phone);
            const [entry] = await auditOf(service, { record: phone });
            assert.deepEqual([entry.action, entry.subject, entry.request_id], ['suppression.added', 'manager-1', answer.headers['x-request-id']]);
        });

        it('adds none that is there: 200 with the row that is', async () => {
            const phone = freshNumber();
            const first = await suppress({ phone, reason: 'first' });
            assert.deepEqual(await suppress({ phone, reason: 'second' }, 200), first);
            assert.notEqual((await suppress({ phone, sender: SENDER })).id, first.id);
            assert.deepEqual((await suppress({ phone, sender: SENDER.toLowerCase() }, 200)).sender, SENDER);
            assert.equal((await auditOf(service, { record: phone })).length, 2);
        });

        it('suppresses for one sender or for all', async () => {
            const [all, ours, others] = [freshNumber(), freshNumber(), freshNumber()];
            await suppress({ phone: all });
            await suppress({ phone: ours, sender: 'agizo' });
            await suppress({ phone: others, sender: 'SHOP' });
            await getsNothing(all);
            await getsNothing(ours);
            await reaches(service, await order(service, { phone: others }), 'accepted');
        });

        it('takes a number off again; what was suppressed stays so', async () => {
            const phone = freshNumber();
            const { id } = await suppress({ phone });
            const made = await order(service, { phone });
            await reaches(service, made, 'suppressed');
            const removed = await manager().request('DELETE', `/v1/suppressions/${id}`);
            assert.deepEqual([removed.status, removed.text], [204, '']);
            isProblem(await manager().request('DELETE', `/v1/suppressions/${id}`), 404, 'not_found');
            assert.deepEqual((await auditOf(service, { record: id })).map(({ action }) => action), ['suppression.removed']);
            await reaches(service, await order(service, { phone }), 'accepted');
            assert.equal((await message(service, made)).state, 'suppressed');
        });

        it('refuses what it cannot keep', async () => {
            for (const [members, pointers] of [
                [{}, ['/phone']], [{ phone: 'hello' }, ['/phone']], [{ phone: '+254201234567' }, ['/phone']], [{ phone: 7 }, ['/phone']],
                [{ phone: '0712345678', sender: '' }, ['/sender']], [{ phone: '0712345678', sender: 'x'.repeat(101) }, ['/sender']],
                [{ phone: '0712345678', reason: 'x'.repeat(201) }, ['/reason']],
            ]) isProblem(await manager().post('/v1/suppressions', members), 422, 'invalid', pointers);
            for (const member of ['id', 'source', 'created_by', 'created_at', 'other']) {
                isProblem(await manager().post('/v1/suppressions', { phone: '0712345678', [member]: 'x' }), 400, 'unknown_member');
            }
            for (const id of [MISSING, 'x', '']) isProblem(await manager().request('DELETE', `/v1/suppressions/${id}`), 404, 'not_found');
        });

        it('lists, newest first, page by page', async () => {
            const since = new Date().toISOString();
            const made = [];
            for (let i = 0; i < 7; i++) made.unshift(await suppress({ phone: freshNumber(), reason: `no ${i}` }));
            const rows = [];
            for (let cursor; ;) {
                const page = await list({ from: since, limit: 3, ...(cursor && { cursor }) });
                assert.ok(page.data.length <= 3);
                rows.push(...page.data);
                assert.equal(page.has_more, page.next_cursor !== undefined);
                if (!page.has_more) break;
                cursor = page.next_cursor;
            }
            assert.deepEqual(rows, made);
        });

        it('filters by number, as people write it, and by time', async () => {
            const phone = freshNumber();
            const row = await suppress({ phone });
            for (const text of [phone, `0${phone.slice(4)}`, phone.slice(1)]) assert.deepEqual((await list({ phone: text })).data, [row]);
            assert.deepEqual((await list({ phone, from: row.created_at })).data, [row]);
            assert.deepEqual((await list({ phone, to: row.created_at })).data, []);
            assert.deepEqual((await list({ phone: freshNumber() })).data, []);
            const { next_cursor: cursor } = await list({ limit: 1 });
            isProblem(await service.get('/v1/suppressions', { query: { phone, cursor } }), 400, 'bad_cursor');
            for (const query of [{ phone: 'hello' }, { phone: '' }, { limit: '0' }, { limit: '201' }, { from: 'today' }]) isProblem(await service.get('/v1/suppressions', { query }), 400, 'bad_parameter');
            for (const query of [{ sender: SENDER }, { customer: 'C1' }, { state: 'queued' }]) isProblem(await service.get('/v1/suppressions', { query }), 400, 'unknown_parameter');
        });

        it('is for managers to change, for the staff to read, and nothing for customers', async () => {
            const phone = freshNumber();
            const { id } = await suppress({ phone });
            for (const role of ['viewer', 'clerk', 'customer']) {
                const person = service.as({ roles: [role], customer_code: freshCode() });
                assert.equal((await person.get('/v1/suppressions')).status, role === 'customer' ? 403 : 200, role);
                isProblem(await person.post('/v1/suppressions', { phone: freshNumber() }), 403, 'insufficient_scope');
                isProblem(await person.request('DELETE', `/v1/suppressions/${id}`), 403, 'insufficient_scope');
            }
            isProblem(await service.withToken(null).get('/v1/suppressions'), 401, 'no_credentials');
            assert.equal((await listed(phone)).length, 1);
        });
    });

    it('a customer’s own opt-out is not on the list', async () => {
        const phone = freshNumber();
        const code = freshCode();
        await create(service, 'customers', { code, name: 'Asha', phone, sms_opt_out: true });
        const { message: { state } } = await create(service, 'orders', { customer: code, item: 'Tea', amount: '1' });
        assert.equal(state, 'suppressed');
        assert.deepEqual(await listed(phone), []);
    });

    it('two callbacks at once make one row', async () => {
        const phone = freshNumber();
        const answers = await Promise.all(Array.from({ length: 12 }, () => callback(service, 'optout', { phoneNumber: phone, senderId: SENDER })));
        assert.ok(answers.every(({ status }) => status === 200), answers.map(({ status }) => status).join());
        assert.equal((await listed(phone)).length, 1);
    });
});
