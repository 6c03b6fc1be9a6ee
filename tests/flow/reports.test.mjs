// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Delivery reports: what they make of a message, in whatever order and number they come, and who may bring them.
 *
 * The stand-in's reports come by the vendor's form; some tests post the form themselves to say more than the vendor would.
 */
import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';
import {
    CALLBACK_SECRET, acceptedFor, callback, callbackUrl, connectRaw, forEachStore, freshNumber, isProblem, keep, message, order, reaches, runProgram, sendsFor, sqlite,
    startPostgres, startService, states, until,
} from './harness.mjs';

const OTHER_SECRET = 'the_one-before_0123456789';
const WRONG_SECRET = 'nobodys-secret-012345678';
const FORM_MAX = 16384;
const SECRETS = { AGIZO_SMS_CALLBACK_SECRET: `${CALLBACK_SECRET},${OTHER_SECRET}`, AGIZO_LOG_LEVEL: 'debug' };

forEachStore((store) => {
    let gateway;
    let service;
    before(async () => {
        gateway = keep(await startGateway());
        service = await startService({ store, gateway, settings: SECRETS });
    });
    beforeEach(() => gateway.control({ settings: { callback: callbackUrl(service), reports: [], reportDelayMs: 1 } }));
    afterEach(() => gateway.reset());

    /** An accepted message of its own, with the gateway's id. */
    async function accepted(members) {
        const made = await order(service, members);
        return { ...made, id: (await reaches(service, made, 'accepted')).provider_id };
    }

    /** One that may have been taken, with the id that the gateway did not get to tell. */
    async function lost(members, rule = {}) {
        const to = members?.phone ?? freshNumber();
        gateway.control({ mode: 'truncated', to, next: 1, ...rule });
        const made = await order(service, { ...members, phone: to });
        await reaches(service, made, 'unknown');
        return { ...made, id: acceptedFor(gateway, made).at(-1).id };
    }

    async function report(fields, options) {
        const answer = await callback(service, 'delivery', fields, options);
        assert.equal(answer.status, 200, answer.text);
    }

    const reportOn = ({ id, to }, status, more = {}) => report({ id, status, phoneNumber: to, networkCode: '63902', ...more });

    const waiting = async () => (await service.query('select provider_id, status from delivery_reports where message_id is null')).map((row) => row.join(' '));

    /* A report that comes while its message is on its way is matched by the sweep alone: once it is, a sweep has gone over all that was there before. */
    async function sweepPasses() {
        const to = freshNumber();
        gateway.control({ mode: 'truncated', to, next: 1, delayMs: 100 });
        const made = await order(service, { phone: to });
        const [{ id }] = await until('it is with the gateway', () => acceptedFor(gateway, made).length > 0 && acceptedFor(gateway, made));
        await report({ id, status: 'Success', phoneNumber: to });
        await reaches(service, made, 'delivered');
    }

    describe('O14 a report', () => {
        it('O14 of success is shown with its time and stands in the history', async () => {
            gateway.control({ settings: { reports: ['Sent', 'Success'] } });
            const made = await order(service);
            const delivered = await reaches(service, made, 'delivered');
            assert.deepEqual(states(delivered).slice(0, 3), ['queued', 'sending', 'accepted']);
            assert.equal(states(delivered).at(-1), 'delivered');
            assert.equal(delivered.delivered_at, delivered.history.at(-1).at);
            assert.ok(delivered.delivered_at >= delivered.sent_at);
            assert.ok(!('failure' in delivered));
            assert.equal(delivered.cost, 'KES 0.8000');
            assert.equal((await service.get(`/v1/orders/${made.id}`)).json.message.state, 'delivered');
        });

        for (const [status, reason] of [['Failed', 'UserInBlackList'], ['Rejected', 'InsufficientCredit'], ['Expired', undefined], ['AbsentSubscriber', undefined]]) {
            it(`O14 of ${status} says why the message failed`, async () => {
                const made = await accepted();
                await reportOn(made, status, reason && { failureReason: reason });
                const failed = await message(service, made);
                assert.deepEqual([failed.state, failed.provider_status, failed.failure], ['failed', status, reason ?? status]);
                assert.ok(!('delivered_at' in failed));
                assert.deepEqual([failed.history.at(-1).state, failed.history.at(-1).failure], ['failed', reason ?? status]);
            });
        }

        it('O14 that comes twice counts once', async () => {
            gateway.control({ mode: 'report-twice', next: 1, reports: ['Success'] });
            const made = await order(service);
            await until('both were answered', () => gateway.reports().filter(({ fields, status }) => fields.phoneNumber === made.to && status === 200).length === 2);
            const seen = await reaches(service, made, 'delivered');
            assert.equal(states(seen).filter((state) => state === 'delivered').length, 1);
            assert.equal(service.events('sms.report').filter(({ provider_id: id, fate }) => id === seen.provider_id && fate === 'repeated').length, 1);
            await reportOn({ id: seen.provider_id, to: made.to }, 'Success'); /* replayed, at any time */
            assert.deepEqual(await message(service, made), seen);
        });

        it('O14 that comes after a later one changes nothing', async () => {
            gateway.control({ mode: 'report-disorder', next: 1, reports: ['Sent', 'Submitted', 'Buffered', 'Success'] });
            const made = await order(service);
            await until('all were answered', () => gateway.reports().filter(({ fields, status }) => fields.phoneNumber === made.to && status === 200).length === 4);
            const seen = await message(service, made);
            assert.equal(seen.state, 'delivered');
            assert.equal(states(seen).at(-1), 'delivered');
            assert.equal(seen.provider_status, 'Success');
        });

        it('O14 of an absent subscriber gives way to a later success', async () => {
            const made = await accepted();
            await reportOn(made, 'AbsentSubscriber');
            assert.equal((await message(service, made)).state, 'failed');
            await reportOn(made, 'Success');
            const delivered = await message(service, made);
            assert.deepEqual(states(delivered), ['queued', 'sending', 'accepted', 'failed', 'delivered']);
            assert.ok(delivered.delivered_at && !('failure' in delivered));
        });

        for (const [first, then, state] of [['Success', 'AbsentSubscriber', 'delivered'], ['Success', 'Failed', 'delivered'], ['Failed', 'Success', 'failed'], ['AbsentSubscriber', 'Buffered', 'failed']]) {
            it(`O14 of ${then} after ${first} leaves it ${state}`, async () => {
                const made = await accepted();
                await reportOn(made, first);
                const before = await message(service, made);
                assert.equal(before.state, state);
                await reportOn(made, then);
                assert.deepEqual(await message(service, made), before);
            });
        }

        it('O14 with a word that nobody knows is kept, and changes nothing', async () => {
            const made = await accepted();
            for (const word of ['Teleported', 'success', 'Erfüllt ✓', 'x'.repeat(5000)]) await reportOn(made, word);
            const kept = await service.query(`select status, rank from delivery_reports where provider_id = '${made.id}' order by status`);
            assert.deepEqual(kept.map(([word, rank]) => [word.length, rank]).sort(), [[10, '0'], [7, '0'], [9, '0'], [255, '0']].sort());
            assert.equal((await message(service, made)).state, 'accepted');
            await reportOn(made, 'Success');
            assert.equal((await message(service, made)).state, 'delivered');
        });

        it('O14 with an id that nobody knows is kept', async () => {
            await report({ id: 'ATXid_of_somebody_else', status: 'Success', phoneNumber: freshNumber() });
            await report({ id: 'ATXid_without_number', status: 'Success' });
            await report({ id: 'ATXid_of_a_landline', status: 'Success', phoneNumber: '+254201234567' });
            const kept = await waiting();
            for (const id of ['ATXid_of_somebody_else', 'ATXid_without_number', 'ATXid_of_a_landline']) assert.ok(kept.includes(`${id} Success`), id);
        });

        it('O14 leaves the audit log as it is', async () => {
            const before = await service.count('audit_log');
            const made = await accepted(); /* adds a customer and an order */
            for (const status of ['Sent', 'Success', 'Success', 'Nonsense']) await reportOn(made, status);
            assert.equal(await service.count('audit_log'), before + 2);
        });

        it('O14 that overtakes our own commit is applied with it', async () => {
            gateway.control({ mode: 'report-first', next: 1, delayMs: 100, reports: ['Success'] });
            const made = await order(service);
            await until('the report was answered', () => gateway.reports().some(({ fields, status }) => fields.phoneNumber === made.to && status === 200));
            assert.equal((await message(service, made)).state, 'sending');
            const delivered = await reaches(service, made, 'delivered');
            assert.deepEqual(states(delivered), ['queued', 'sending', 'accepted', 'delivered']);
            assert.equal(delivered.provider_id, acceptedFor(gateway, made)[0].id);
            assert.equal(delivered.cost, 'KES 0.8000');
            assert.ok(!(await waiting()).some((line) => line.startsWith(delivered.provider_id)));
        });

        it('O14 is counted by its word', async () => {
            const series = (word) => `agizo_sms_reports_total{report="${word}"}`;
            const before = await service.metrics();
            const made = await accepted();
            for (const word of ['Sent', 'Success', 'Whatever']) await reportOn(made, word);
            const now = await service.metrics();
            for (const word of ['Sent', 'Success', 'other']) assert.equal(now[series(word)] - (before[series(word)] ?? 0), 1, word);
        });
    });

    describe('O14 a message whose end is unknown', () => {
        it('O14 takes the report of its number', async () => {
            const made = await lost();
            assert.ok(!('provider_id' in await message(service, made)));
            await reportOn(made, 'Success');
            const delivered = await message(service, made);
            assert.deepEqual([delivered.state, delivered.provider_id], ['delivered', made.id]);
            assert.deepEqual(states(delivered), ['queued', 'sending', 'unknown', 'delivered']);
            assert.equal(sendsFor(gateway, made).length, 1);
        });

        it('O14 takes the progress of its number for accepted, and then its end', async () => {
            const made = await lost();
            await reportOn(made, 'Buffered');
            assert.equal((await message(service, made)).state, 'accepted');
            await reportOn(made, 'Failed');
            assert.equal((await message(service, made)).state, 'failed');
        });

        it('O14 takes a report that came before its answer was lost', sweepPasses);

        it('O14 takes none when two of them could be meant', async () => {
            const phone = freshNumber();
            const both = [await lost({ phone }), await lost({ phone })];
            await reportOn(both[0], 'Success');
            await sweepPasses();
            for (const made of both) assert.equal((await message(service, made)).state, 'unknown');
            assert.ok((await waiting()).includes(`${both[0].id} Success`));
        });

        it('O14 takes none while another message to its number awaits a report', async () => {
            const phone = freshNumber();
            const made = await lost({ phone });
            const second = await accepted({ phone });
            await reportOn(made, 'Success');
            await sweepPasses();
            assert.equal((await message(service, made)).state, 'unknown');
            /* Once that one has its own, this one's is the only one left. */
            await reportOn(second, 'Success');
            assert.equal((await message(service, second)).state, 'delivered');
            assert.equal((await reaches(service, made, 'delivered')).provider_id, made.id);
        });

        it('O14 takes none when reports with two ids wait for its number', async () => {
            const to = freshNumber();
            await report({ id: `ATXid_orphan_${to.slice(1)}`, status: 'Failed', phoneNumber: to });
            const made = await lost({ phone: to });
            await reportOn(made, 'Success');
            await sweepPasses();
            assert.equal((await message(service, made)).state, 'unknown');
        });

        it('O14 takes none from before it was sent, of another number, without one, or of no meaning', async () => {
            const to = freshNumber();
            await report({ id: `ATXid_before_${to.slice(1)}`, status: 'Success', phoneNumber: to });
            const early = await lost({ phone: to });
            const made = await lost();
            await report({ id: 'ATXid_foreign', status: 'Success', phoneNumber: freshNumber() });
            await report({ id: 'ATXid_numberless', status: 'Success' });
            await report({ id: 'ATXid_meaningless', status: 'Perhaps', phoneNumber: made.to });
            await sweepPasses();
            for (const one of [early, made]) assert.equal((await message(service, one)).state, 'unknown');
        });

        it('O14 takes none days later', async () => {
            const made = await lost();
            const days = Date.now() - 49 * 3_600_000;
            await service.database.change(`update messages set attempted_at = ${store.name === 'sqlite' ? days : `to_timestamp(${days / 1000})`} where id = ${idOf(made.message.id)}`);
            await reportOn(made, 'Success');
            await sweepPasses();
            assert.equal((await message(service, made)).state, 'unknown');
        });

        const idOf = (id) => (store.name === 'sqlite' ? `x'${id.replaceAll('-', '')}'` : `'${id}'`);
    });

    describe('O14 who may bring a report', () => {
        it('O14 knows the secret, the new one or the one before', async () => {
            for (const secret of [CALLBACK_SECRET, OTHER_SECRET]) {
                const made = await accepted();
                await report({ id: made.id, status: 'Success' }, { secret });
                assert.equal((await message(service, made)).state, 'delivered');
            }
        });

        it('O14 forged ones are 401 and leave the message as it was', async () => {
            const made = await accepted();
            const secrets = [WRONG_SECRET, CALLBACK_SECRET.slice(0, -1), `${CALLBACK_SECRET}x`, CALLBACK_SECRET.toUpperCase(), `${CALLBACK_SECRET}%2C${OTHER_SECRET}`, 'x'];
            for (const secret of secrets) {
                const answer = await callback(service, 'delivery', { id: made.id, status: 'Success' }, { secret });
                isProblem(answer, 401, 'invalid_callback');
                assert.ok(!answer.text.includes(secret));
            }
            assert.equal((await message(service, made)).state, 'accepted');
            await reportOn(made, 'Success');
        });

        it('O14 needs no more: a token changes nothing, a cookie neither', async () => {
            const made = await accepted();
            const forged = await service.as({ roles: ['manager'] }).request('POST', `/v1/callbacks/africastalking/${WRONG_SECRET}/delivery`, { body: `id=${made.id}&status=Success`, type: 'application/x-www-form-urlencoded' });
            isProblem(forged, 401, 'invalid_callback');
            assert.equal((await message(service, made)).state, 'accepted');
        });

        it('O14 without the setting there are no callbacks', async () => {
            const plain = await startService({ store });
            for (const secret of [CALLBACK_SECRET, 'x']) {
                for (const kind of ['delivery', 'optout']) isProblem(await callback(plain, kind, { id: 'a', status: 'Success' }, { secret }), 404, 'not_found');
            }
            await plain.close();
        });

        it('O14 who guesses is slowed down, who knows is not', async () => {
            const guessed = await startService({ store, settings: SECRETS });
            const guess = (i) => callback(guessed, 'delivery', { id: 'a', status: 'Success' }, { secret: `guess-number-${String(i).padStart(12, '0')}` });
            const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => guess(i)));
            const slowed = answers.filter(({ status }) => status === 429);
            assert.ok(slowed.length > 0 && slowed.length < 45, `${slowed.length} of 60`);
            isProblem(slowed[0], 429, 'rate_limited');
            assert.ok(Number(slowed[0].headers['retry-after']) >= 1);
            assert.ok(answers.every(({ status }) => status === 429 || status === 401));
            assert.equal((await callback(guessed, 'delivery', { id: 'a', status: 'Success' })).status, 200);
            await guessed.close();
        });
    });

    describe('O14 a form', () => {
        const post = (body, options) => callback(service, 'delivery', undefined, { body, ...options });

        it('O14 of another type is 415', async () => {
            for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', undefined]) {
                isProblem(await post('id=a&status=Success', { type, headers: type ? {} : { 'content-type': undefined } }), 415, 'unsupported_media_type');
            }
            assert.equal((await post('id=typed&status=Sent', { type: 'Application/X-WWW-Form-Urlencoded; charset=UTF-8' })).status, 200);
        });

        it('O14 that is too large is 413, told or not', async () => {
            isProblem(await post(`id=a&status=Success&more=${'x'.repeat(FORM_MAX)}`), 413, 'too_large');
            const chunked = await connectRaw(service.address);
            const body = `id=a&status=Success&more=${'x'.repeat(FORM_MAX)}`;
            await chunked.write(`POST /v1/callbacks/africastalking/${CALLBACK_SECRET}/delivery HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n`
                + `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
            assert.equal((await chunked.answer()).status, 413);
            chunked.end();
            const most = `id=fits&status=Success&more=${'x'.repeat(FORM_MAX)}`.slice(0, FORM_MAX);
            assert.equal((await post(most)).status, 200);
        });

        it('O14 without id or status is 400', async () => {
            for (const body of ['', 'id=a', 'status=Success', 'id=&status=Success', 'id=a&status=', 'id=%20&status=Success', 'ID=a&STATUS=Success', '&&&']) {
                isProblem(await post(body), 400, 'malformed');
            }
        });

        it('O14 that says something twice, or cannot be read, is 400', async () => {
            for (const body of ['id=a&id=b&status=Success', 'id=a&status=Success&status=Failed', 'id=a&status=Success&phoneNumber=%2B254712345678&phoneNumber=%2B254712345679']) {
                isProblem(await post(body), 400, 'bad_parameter');
            }
            for (const body of ['id=%zz&status=Success', 'id=a&status=%', 'id=a%00&status=Success', 'id=%ff&status=Success']) assert.equal((await post(body)).status, 400, body);
        });

        it('O14 with more than it needs is taken', async () => {
            const made = await accepted();
            await reportOn(made, 'Success', { retryCount: '0', somethingNew: 'whatever', '': 'nameless' });
            assert.equal((await message(service, made)).state, 'delivered');
        });
    });

    it('O14 the secret stands in no line of the log, nor does a guess', async () => {
        const made = await accepted();
        const base = `/v1/callbacks/africastalking/${CALLBACK_SECRET}`;
        const anybody = service.withToken(null);
        await reportOn(made, 'Success');
        await callback(service, 'delivery', { id: made.id, status: 'Success' }, { secret: WRONG_SECRET });
        await callback(service, 'optout', { nothing: 'here' });
        for (const [method, target] of [
            ['GET', `${base}/delivery`], ['POST', `${base}/nothing`], ['POST', base], ['POST', `${base}/`], ['POST', `/v1/callbacks/${CALLBACK_SECRET}`], ['DELETE', `${base}/optout`],
            ['POST', `/callbacks/africastalking/${CALLBACK_SECRET}/delivery`], ['POST', `/V1/Callbacks/africastalking/${CALLBACK_SECRET}/delivery`],
            ['POST', `/v1/%63allbacks/africastalking/${CALLBACK_SECRET}/delivery`], ['POST', `/api/v1/callbacks/africastalking/${CALLBACK_SECRET}/delivery`],
            ['POST', `/v1/callbacks/other/${CALLBACK_SECRET}/delivery`], ['POST', `${base}/delivery?x=1`], ['POST', `${base}/delivery/more`], ['BREW', `${base}/delivery`],
        ]) {
            const { text, headers } = await anybody.request(method, target, { body: '', type: 'application/x-www-form-urlencoded' });
            assert.ok(!`${text}${JSON.stringify(headers)}`.includes(CALLBACK_SECRET), `${method} ${target}`);
        }
        await service.logged(({ event, method }) => event === 'request' && method === 'BREW');
        const log = JSON.stringify(service.log);
        for (const secret of [CALLBACK_SECRET, OTHER_SECRET, WRONG_SECRET]) assert.ok(!log.includes(secret), secret);
        const paths = service.events('request').map(({ path }) => path).filter((path) => path.startsWith('/v1/callbacks'));
        assert.deepEqual([...new Set(paths)], ['/v1/callbacks/']);
    });

    it('O14 while the database is away the gateway is asked to come again, and the log keeps the secret', { skip: store.name === 'sqlite' && 'a file is not away' }, async () => {
        const server = await startPostgres();
        const lonely = await startService({ store, database: await store.createDatabase(server), settings: SECRETS });
        await server.stop('immediate');
        for (const kind of ['delivery', 'optout']) {
            const answer = await callback(lonely, kind, { id: 'a', status: 'Success', phoneNumber: freshNumber() });
            isProblem(answer, 503, 'unavailable');
            assert.ok(answer.headers['retry-after']);
        }
        await lonely.logged('request.fault');
        assert.ok(!JSON.stringify(lonely.log).includes(CALLBACK_SECRET));
        await lonely.close();
    });
});

describe('O14 the setting', () => {
    for (const [words, value] of [
        ['a short secret', 'short'], ['three secrets', `${CALLBACK_SECRET},${OTHER_SECRET},${WRONG_SECRET}`], ['a secret that is no part of a path', 'nobody/guesses/this/secret'],
        ['an empty second one', `${CALLBACK_SECRET},`],
    ]) {
        it(`O14 with ${words} ends the service at once`, async () => {
            const database = await sqlite.createDatabase();
            const { code, lines } = await runProgram(['serve', '--listen=127.0.0.1:0', '--admin-listen=127.0.0.1:0'], { AGIZO_DATABASE: database.url, AGIZO_SMS_CALLBACK_SECRET: value });
            assert.notEqual(code, 0);
            assert.ok(lines.some(({ event, why }) => event === 'service.failed' && why.includes('AGIZO_SMS_CALLBACK_SECRET')), JSON.stringify(lines));
            assert.ok(!JSON.stringify(lines).includes(value));
        });
    }
});
