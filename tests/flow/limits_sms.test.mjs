// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What holds a message back or cuts it, by setting or by the gateway's word, and that each can be seen while it bites.
 */
import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';
import {
    acceptedFor, countIn, create, forEachStore, freshCode, freshNumber, gatewayIs, keep, message, order, reaches, runProgram, sendsFor, sqlite, startService, states, until,
} from './harness.mjs';

const MINUTE_MS = 60_000;
const EAT_MS = 3 * 3_600_000;
const hold = (reason) => `agizo_sms_hold{reason="${reason}"}`;

/** A service with a gateway of its own. */
async function pair(store, settings) {
    const gateway = keep(await startGateway());
    return { gateway, service: await startService({ store, gateway, settings }) };
}

async function customerWith(service, phone = freshNumber()) {
    const code = freshCode('Flood');
    await create(service, 'customers', { code, name: 'Wanjiru', phone });
    return { code, phone };
}

/** Many orders of one customer, a few at a time. */
async function flood(service, code, count) {
    for (let left = count; left > 0; left -= 200) {
        await Promise.all(Array.from({ length: Math.min(left, 200) }, () => create(service, 'orders', { customer: code, item: 'Tea', amount: '10' })));
    }
}

const timesOf = (gateway, from = 0) => gateway.journal().slice(from).map(({ time }) => Date.parse(time));

/** Quiet hours around the present minute of East Africa, and their end. */
function quietNow(minutesLeft = 30) {
    const clock = (at) => new Date(at + EAT_MS).toISOString().slice(11, 16);
    const end = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS + minutesLeft * MINUTE_MS;
    return { hours: `${clock(end - 60 * MINUTE_MS)}-${clock(end)}`, end };
}

forEachStore((store) => {
    describe('the settings', { concurrency: true }, () => {
        it('quiet hours put a message off until they end where its recipient is', async () => {
            const { hours, end } = quietNow();
            const { gateway, service } = await pair(store, { AGIZO_SMS_QUIET_HOURS: hours });
            const made = await order(service);
            const waiting = await until('it is put off', async () => {
                const now = await message(service, made);
                return now.state === 'queued' && now.failure && now;
            });
            assert.equal(Date.parse(waiting.due_at), end);
            assert.match(waiting.failure, /^quiet hours until /);
            assert.ok(waiting.failure.includes(new Date(end).toISOString().slice(0, 16)), waiting.failure);
            assert.equal(waiting.attempts, 0);
            assert.equal((await service.metrics()).agizo_sms_quiet_total, 1);
            const view = await gatewayIs(service, 'has counted it', ({ queued, oldest_due_at: due }) => queued === 1 && Date.parse(due) === end);
            assert.equal(view.hold, 'flows');
            /* In Rwanda it is an hour earlier, and they have not begun. */
            await reaches(service, await order(service, { phone: '+250721234567' }), 'accepted');
            assert.equal(sendsFor(gateway, made).length, 0);
            await service.close();
        });

        it('a rate is kept, and shown', async () => {
            const { gateway, service } = await pair(store, { AGIZO_SMS_RATE: '30' });
            const { code } = await customerWith(service);
            await flood(service, code, 60);
            assert.equal((await service.get('/v1/gateway')).json.rate, 30);
            await until('all are accepted', () => gateway.accepted().length === 60);
            const times = timesOf(gateway);
            for (const [i, time] of times.entries()) {
                const second = times.filter((other) => other >= time && other < time + 1000).length;
                assert.ok(second <= 36, `${second} in the second from message ${i} on`);
            }
            assert.ok(times.at(-1) - times[0] >= 1500, 'two seconds, but for a grain');
            await service.close();
        });

        it('what a day may cost ends the sending of the day', async () => {
            const { gateway, service } = await pair(store, { AGIZO_SMS_DAILY_COST: 'KES 4', AGIZO_SMS_IN_FLIGHT: '1' });
            const { code } = await customerWith(service);
            await flood(service, code, 10);
            const spent = await gatewayIs(service, 'has spent it', (json) => json.hold === 'day_spent' && json.spent_today === 'KES 4.0000');
            assert.deepEqual([spent.daily_cap, spent.sending], ['KES 4.0000', true]);
            assert.match(spent.why, /spent/);
            assert.equal(gateway.journal().length, 5);
            const metrics = await until('the metrics say so', async () => {
                const now = await service.metrics();
                return now.agizo_sms_spent_today === 40_000 && now;
            });
            assert.equal(metrics[hold('day_spent')], 1);
            assert.equal(service.events('sms.day_spent').length, 1);
            assert.equal((await service.readiness()).sms.hold, 'day_spent');
            await until('the others wait', async () => await countIn(service, 'queued') === 5);
            /* Nor after a restart, and from tomorrow on. */
            await service.restart();
            await gatewayIs(service, 'knows what was spent', (json) => json.hold === 'day_spent' && json.spent_today === 'KES 4.0000');
            assert.equal(gateway.journal().length, 5);
            await service.database.change('update sms_spending set day = day - 1');
            await until('they go on', () => gateway.journal().length === 10);
            await service.close();
        });

        it('a text has no more parts than it may, and what was cut is counted', async () => {
            const { gateway, service } = await pair(store, { AGIZO_SMS_PARTS_MAX: '1' });
            const long = await order(service, { item: 'Maize flour '.repeat(16).trim(), name: 'Asha' });
            const cut = await reaches(service, long, 'accepted');
            assert.deepEqual([cut.parts, cut.encoding], [1, 'gsm-7']);
            assert.ok(cut.body.length <= 160 && cut.body.includes('...'), cut.body);
            assert.equal(acceptedFor(gateway, long)[0].parts, 1);
            assert.equal((await service.metrics()).agizo_sms_cut_total, 1);
            const wide = await reaches(service, await order(service, { item: '茶葉'.repeat(90), name: 'Asha' }), 'accepted');
            assert.equal(wide.parts, 1);
            await service.close();
        });
    });

    describe('O16 lengths', () => {
        let gateway;
        let service;
        before(async () => { ({ gateway, service } = await pair(store, {})); });

        /** An order whose text has exactly so many characters: the item is as long as it takes. */
        async function ofLength(length, { letter = 'x', name = 'Asha' } = {}) {
            const probe = await order(service, { item: letter, name, time: '2026-03-01T09:05:00+03:00' });
            const bare = [...(await reaches(service, probe, 'accepted')).body].length - 1;
            const made = await order(service, { item: letter.repeat(length - bare), name, time: '2026-03-01T09:05:00+03:00' });
            return { made, sent: await reaches(service, made, 'accepted') };
        }

        for (const [words, length, options, encoding, parts] of [
            ['160 of GSM-7', 160, {}, 'gsm-7', 1], ['161 of GSM-7', 161, {}, 'gsm-7', 2],
            ['80 of two septets each', 130, { letter: '€' }, 'gsm-7', 2],
            ['one beyond GSM-7 in 134', 134, { name: 'Zoé ẞ' }, 'ucs-2', 2], ['one beyond GSM-7 in 135', 135, { name: 'Zoé ẞ' }, 'ucs-2', 3],
            ['emoji, two units each', 100, { letter: '🌽' }, 'ucs-2', 2],
        ]) {
            it(`O16 ${words} are ${parts} part${parts > 1 ? 's' : ''} of ${encoding}, as the gateway bills them`, async () => {
                const { made, sent } = await ofLength(length, options);
                assert.equal([...sent.body].length, length);
                assert.deepEqual([sent.encoding, sent.parts], [encoding, parts]);
                const [entry] = acceptedFor(gateway, made);
                assert.deepEqual([entry.text, entry.parts], [sent.body, parts]);
                assert.equal(sent.cost, `KES ${(0.8 * parts).toFixed(4)}`);
            });
        }
    });

    describe('O13 one customer’s flood', () => {
        it('O13 of a thousand does not delay another’s message', async () => {
            const { gateway, service } = await pair(store, { AGIZO_SMS_IN_FLIGHT: '4' });
            gateway.control({ settings: { latencyMs: 5 } });
            const flooding = await customerWith(service);
            const switched = (sending) => service.as({ roles: ['manager'] }).request('PUT', '/v1/gateway', { json: { sending } });
            await switched(false);
            await flood(service, flooding.code, 1000);
            await switched(true);
            await until('some of the flood is sent', () => gateway.journal().length >= 20);
            const others = [];
            for (let i = 0; i < 5; i++) {
                const made = await order(service);
                const at = gateway.journal().length;
                await reaches(service, made, 'accepted');
                others.push(gateway.journal().findIndex(({ to }) => to === made.to) - at);
            }
            assert.ok(gateway.journal().length < 900, `the flood still runs: ${gateway.journal().length}`);
            /* Those that were claimed when it came stand before it: at most twice the calls in flight. */
            assert.ok(others.every((ahead) => ahead <= 24), `so many stood before: ${others}`);
            await until('the flood is sent, too', () => gateway.accepted().length === 1005, { within: 60_000 });
            await service.close();
        });
    });

    describe('O06, O07, O08 the gateway', { concurrency: true }, () => {
        it('O07 that says when to come back is left alone until then, by all messages', async () => {
            const { gateway, service } = await pair(store, {});
            gateway.control({ mode: 'http', status: 429, retryAfter: 2, next: 1 });
            const made = [await order(service)];
            const paused = await gatewayIs(service, 'is paused', (json) => json.hold === 'paused');
            assert.match(paused.why, /more slowly/);
            for (let i = 0; i < 5; i++) made.push(await order(service));
            for (const one of made) assert.equal((await reaches(service, one, 'accepted')).attempts, 1);
            const [refused, next] = timesOf(gateway);
            assert.ok(next - refused >= 1_950 && next - refused <= 3_000, `${next - refused} ms`);
            await service.close();
        });

        for (const [words, rule] of [['500', { mode: 500 }], ['503', { mode: 'http', status: 503 }]]) {
            it(`O06 that answers ${words} again and again is asked ever more rarely`, async () => {
                const { gateway, service } = await pair(store, {});
                gateway.control({ ...rule, next: 2 });
                const made = await order(service);
                const sent = await reaches(service, made, 'accepted');
                const sends = sendsFor(gateway, made);
                assert.equal(sends.length, 3);
                assert.equal(acceptedFor(gateway, made).length, 1);
                assert.equal(sent.attempts, words === '500' ? 3 : 1); /* not to be served is not the message's fault */
                const waits = timesOf(gateway).slice(1).map((time, i) => time - timesOf(gateway)[i]);
                waits.forEach((wait, i) => assert.ok(wait <= 1000 * 2 ** (i + 1) + 1500, `${waits}`)); /* never more than the back-off */
                await service.close();
            });
        }

        it('O06 that is not there is tried until it is', async () => {
            const gone = await startGateway();
            const { url, username, apiKey } = gone;
            await gone.close();
            const service = await startService({ store, gateway: { url, username, apiKey } });
            const made = await order(service);
            const paused = await gatewayIs(service, 'is paused', (json) => json.hold === 'paused');
            assert.match(paused.why, /could not be reached/);
            const back = keep(await startGateway({ port: Number(new URL(url).port) }));
            const sent = await reaches(service, made, 'accepted');
            assert.ok(!states(sent).includes('unknown'));
            assert.equal(back.journal().length, 1);
            await service.close();
        });

        it('O08 is judged by its body, whatever the status', async () => {
            const { gateway, service } = await pair(store, {});
            const cases = [
                [{ mode: 'ok200' }, 'accepted'], [{ mode: 403 }, 'dead'], [{ mode: 'html' }, 'unknown'], [{ mode: 'xml' }, 'unknown'], [{ mode: 'http', status: 200, body: '' }, 'unknown'],
                [{ mode: 'http', status: 201, body: '{"SMSMessageData":{}}' }, 'unknown'], [{ mode: 'http', status: 200, body: 'null' }, 'unknown'],
            ];
            for (const [rule, state] of cases) {
                const phone = freshNumber();
                gateway.control({ ...rule, to: phone, next: 1 });
                await reaches(service, await order(service, { phone }), state);
            }
            assert.equal(gateway.journal().length, cases.length);
            await service.close();
        });
    });

    describe('expiry', () => {
        let gateway;
        let service;
        before(async () => { ({ gateway, service } = await pair(store, { AGIZO_SMS_EXPIRY: '3600' })); });
        afterEach(() => gateway.reset());

        it('ends what could not be sent in time, and says so', async () => {
            gateway.control({ mode: 'http', status: 503 });
            const made = await order(service);
            const waiting = await message(service, made);
            assert.equal(Date.parse(waiting.expires_at) - Date.parse(waiting.created_at), 3_600_000);
            await gatewayIs(service, 'is paused', (json) => json.hold === 'paused');
            const past = store.name === 'sqlite' ? Date.now() - 1000 : "now() - interval '1 second'";
            await service.database.change(`update messages set expires_at = ${past} where state = 'queued'`);
            const expired = await reaches(service, made, 'expired');
            assert.match(expired.failure, /expired/);
            assert.equal(states(expired).at(-1), 'expired');
            assert.equal((await service.metrics()).agizo_sms_expired_total, 1);
            gateway.reset();
            await reaches(service, await order(service), 'accepted');
            assert.deepEqual(acceptedFor(gateway, made), []);
        });
    });
});

describe('a setting', () => {
    for (const [name, value] of [
        ['AGIZO_SMS_QUIET_HOURS', '21-7'], ['AGIZO_SMS_QUIET_HOURS', '00:00-23:00'], ['AGIZO_SMS_TIME_ZONE', 'Nairobi'], ['AGIZO_SMS_DAILY_COST', '5000'], ['AGIZO_SMS_DAILY_COST', 'KES'],
        ['AGIZO_SMS_RATE', '-1'], ['AGIZO_SMS_PARTS_MAX', '0'],
    ]) {
        it(`${name}=${value} ends the service at once`, async () => {
            const database = await sqlite.createDatabase();
            const { code, lines } = await runProgram(['serve', '--listen=127.0.0.1:0', '--admin-listen=127.0.0.1:0'], { AGIZO_DATABASE: database.url, [name]: value });
            assert.notEqual(code, 0);
            assert.ok(lines.some(({ event, why, text }) => (event === 'service.failed' && why.includes(name)) || text?.includes(name)), JSON.stringify(lines));
        });
    }
});
