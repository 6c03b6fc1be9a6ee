// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * When the account is refused, and when people switch sending off: nothing is sent, everybody can see why, nothing is lost, and it goes on gently.
 *
 * What was sent is read from the gateway's journal, to which every request of an SMS goes; the balance call is no SMS and does not stand there.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';
import {
    acceptedFor, auditOf, countIn, create, forEachStore, freshCode, gatewayIs, inTime, isProblem, keep, message, order, reaches, sendsFor, sqlite, startService, until,
} from './harness.mjs';

const STOPPED = 'agizo_sms_account_stopped';
const hold = (reason) => `agizo_sms_hold{reason="${reason}"}`;

const REFUSALS = [
    { words: '401 RiskHold', stop: { mode: 401 }, why: /holds the account/ },
    { words: '402 InvalidSenderId', stop: { mode: 402 }, why: /sender name/ },
    { words: 'InvalidSenderId for the whole request', stop: { mode: 'empty', message: 'InvalidSenderId' }, why: /sender name/ },
    { words: '405 InsufficientBalance', stop: { mode: 405 }, settings: { balance: 'KES 0.00' }, why: /no balance/, waits: true },
    { words: 'HTTP 401', stop: { mode: 'http', status: 401 }, settings: { apiKey: 'another' }, why: /user name and key/, waits: true },
    { words: 'HTTP 403', stop: { mode: 'http', status: 403 }, settings: { apiKey: 'another' }, why: /user name and key/, waits: true },
];

/** Calls of the balance: what the vendor's side was asked, but for SMS. */
const balanceCalls = (gateway) => gateway.stats().requests - gateway.journal().length;

/** A service with a gateway of its own. */
async function pair(store, settings) {
    const gateway = keep(await startGateway());
    return { gateway, service: await startService({ store, gateway, settings }) };
}

async function switchSending(service, sending) {
    const answer = await service.as({ roles: ['manager'], sub: 'manager-1' }).request('PUT', '/v1/gateway', { json: { sending } });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
}

async function addOrders(service, count) {
    const code = freshCode();
    await create(service, 'customers', { code, name: 'Wanjiru', phone: '0712345678' });
    return Promise.all(Array.from({ length: count }, () => create(service, 'orders', { customer: code, item: 'Tea', amount: '10' })));
}

const allSent = (service, gateway, count) => until('all are accepted', async () => gateway.accepted().length >= count && await countIn(service, 'accepted') === count);

forEachStore((store) => {
    /* They wait for the next look at the balance: together. */
    describe('a refused account', { concurrency: true }, () => {
        for (const { words, stop, settings = {}, why, waits } of REFUSALS) {
            it(`by ${words} stops sending at once, says why, and loses nothing`, async () => {
                const { gateway, service } = await pair(store, { AGIZO_SMS_IN_FLIGHT: '1' });
                gateway.control({ settings, rules: [{ ...stop }] });
                const made = [await order(service)];
                const stopped = await gatewayIs(service, 'is stopped', (json) => json.hold === 'stopped');
                assert.match(stopped.why, why);
                assert.ok(Date.parse(stopped.since) <= Date.now());
                assert.equal(stopped.sending, true);
                const ready = await service.readiness();
                assert.equal(ready.status, 'ready');
                assert.deepEqual(ready.sms, { hold: 'stopped', why: stopped.why });
                const metrics = await service.metrics();
                assert.deepEqual([metrics[STOPPED], metrics[hold('stopped')]], [1, 1]);
                await service.logged((entry) => entry.event === 'sms.account_stopped' && why.test(entry.why));

                for (let i = 0; i < 5; i++) made.push(await order(service));
                const calls = balanceCalls(gateway);
                await until('the balance was asked for', () => balanceCalls(gateway) > calls);
                if (waits) assert.equal(gateway.journal().length, 1);
                for (const one of made) {
                    const { state, attempts } = await message(service, one);
                    assert.ok(['queued', 'sending'].includes(state), state);
                    assert.ok(attempts <= (state === 'sending' ? 1 : 0), `${attempts} attempts`);
                }

                gateway.reset();
                for (const one of made) {
                    const sent = await reaches(service, one, 'accepted');
                    assert.equal(sent.attempts, 1);
                    assert.ok(!('failure' in sent));
                    assert.equal(acceptedFor(gateway, one).length, 1);
                }
                await gatewayIs(service, 'flows', (json) => json.hold === 'flows' && !('why' in json) && !('since' in json));
                const after = await service.metrics();
                assert.deepEqual([after[STOPPED], after[hold('stopped')]], [0, 0]);
                assert.deepEqual((await service.readiness()).sms, { hold: 'flows' });
                await service.close();
            });
        }

        it('that works again drains at its own pace', async () => {
            const orders = 60;
            const { gateway, service } = await pair(store, { AGIZO_SMS_RESUME_RATE: '40' });
            gateway.control({ settings: { balance: 'KES 0' }, rules: [{ mode: 405 }] });
            await addOrders(service, orders);
            await gatewayIs(service, 'is stopped', (json) => json.hold === 'stopped');
            await until('all are back in the queue', async () => await countIn(service, 'queued') === orders);
            gateway.reset();
            const begun = gateway.journal().length;
            await until('it has begun', () => gateway.accepted().length > 1);
            assert.equal((await service.get('/v1/gateway')).json.rate, 40);
            await allSent(service, gateway, orders);
            const times = gateway.journal().slice(begun).map(({ time }) => Date.parse(time));
            const took = times.at(-1) - times[0];
            assert.ok(took > 1000 * (orders - 10) / 40, `${orders} took ${took} ms`);
            await gatewayIs(service, 'is as fast as ever', (json) => json.rate === 0);
            await service.close();
        });

        it('O17 that works again is tried with one message, not with all', async () => {
            const orders = 30;
            const { gateway, service } = await pair(store, {});
            gateway.control({ settings: { balance: 'KES 0' }, rules: [{ mode: 405 }] });
            await addOrders(service, orders);
            await until('all are back in the queue', async () => (await service.metrics())[STOPPED] === 1 && await countIn(service, 'queued') === orders);
            /* The balance is good again, and SMS are answered late. */
            gateway.control({ reset: true, rules: [{ mode: 'normal', next: 1, delayMs: 400 }] });
            const before = gateway.journal().length;
            await until('one was sent', () => gateway.journal().length > before);
            const tried = await gatewayIs(service, 'is on trial', (json) => json.hold === 'trial');
            assert.equal(tried.in_flight, 1);
            await until('that one is taken', async () => await countIn(service, 'accepted') > 0);
            const [first, second] = gateway.journal().slice(before).map(({ time }) => Date.parse(time));
            assert.ok(second === undefined || second - first >= 390, `the second came after ${second - first} ms`);
            await allSent(service, gateway, orders);
            await service.close();
        });

        it('O17 a gateway that is back is tried with one message', async () => {
            const { gateway, service } = await pair(store, {});
            gateway.control({ rules: [{ mode: 'http', status: 503, next: 1 }, { mode: 'normal', next: 1, delayMs: 300 }] });
            const first = await order(service);
            await gatewayIs(service, 'is paused', (json) => json.hold === 'paused' && /not available/.test(json.why));
            assert.equal((await service.metrics())[hold('paused')], 1);
            assert.equal((await service.readiness()).sms.hold, 'paused');
            const rest = await addOrders(service, 20);
            await allSent(service, gateway, rest.length + 1);
            const times = gateway.journal().map(({ time }) => Date.parse(time));
            assert.ok(times[1] - times[0] >= 450, 'after a pause');
            assert.ok(times[2] - times[1] >= 290, 'one alone');
            assert.equal((await message(service, first)).state, 'accepted');
            await service.close();
        });
    });

    describe('O18 the switch', () => {
        let gateway;
        let service;
        before(async () => { ({ gateway, service } = await pair(store, { AGIZO_SMS_RATE: '50' })); });

        it('O18 stops all sending at once, and lets it go on', async () => {
            await addOrders(service, 60);
            await until('some were sent', () => gateway.journal().length > 5);
            const off = await switchSending(service, false);
            const at = Date.now();
            assert.deepEqual([off.sending, off.halted_by], [false, 'manager-1']);
            assert.ok(off.halted_at);
            const halted = await gatewayIs(service, 'is halted', (json) => json.hold === 'halted' && json.in_flight === 0);
            assert.match(halted.why, /switched off/);
            assert.deepEqual((await service.readiness()).sms, { hold: 'halted', why: halted.why });
            assert.equal((await service.metrics())[hold('halted')], 1);
            const late = await order(service);
            /* By then the rate would have let all of them go. */
            await until('a while has passed', () => Date.now() - at > 1500);
            assert.ok(gateway.journal().every(({ time }) => Date.parse(time) <= at + 100), 'nothing went out behind the switch');
            assert.equal((await message(service, late)).state, 'queued');
            assert.equal((await message(service, late)).attempts, 0);

            assert.equal((await switchSending(service, true)).sending, true);
            await reaches(service, late, 'accepted');
            await allSent(service, gateway, 61);
            const on = await gatewayIs(service, 'flows', (json) => json.hold === 'flows');
            assert.ok(!('halted_at' in on) && !('halted_by' in on));
            for (const event of ['sms.switched_off', 'sms.switched_on']) assert.equal(service.events(event).length, 1, event);
        });

        it('O18 is heeded after a restart, too', async () => {
            await switchSending(service, false);
            await service.kill();
            await service.start();
            await service.ready();
            const made = await order(service);
            const seen = await gatewayIs(service, 'is halted', (json) => json.hold === 'halted');
            assert.deepEqual([seen.sending, seen.halted_by], [false, 'manager-1']);
            assert.deepEqual(sendsFor(gateway, made), []);
            await switchSending(service, true);
            await reaches(service, made, 'accepted');
        });

        it('O18 is for managers, and stands in the audit log once for each change', async () => {
            const before = await auditOf(service, { subject: 'manager-1' });
            for (const sending of [true, false, false, true, true]) await switchSending(service, sending);
            const entries = (await auditOf(service, { subject: 'manager-1' })).slice(0, -before.length || undefined);
            assert.deepEqual(entries.map(({ action }) => action), ['sending.resumed', 'sending.halted']);
            for (const role of ['viewer', 'clerk', 'customer']) {
                const person = service.as({ roles: [role], customer_code: freshCode() });
                isProblem(await person.request('PUT', '/v1/gateway', { json: { sending: false } }), 403, 'insufficient_scope');
                assert.equal((await person.get('/v1/gateway')).status, role === 'customer' ? 403 : 200, role);
            }
            assert.equal((await service.get('/v1/gateway')).json.sending, true);
            const manager = service.as({ roles: ['manager'] });
            isProblem(await manager.request('PUT', '/v1/gateway', { json: {} }), 422, 'invalid', ['/sending']);
            isProblem(await manager.request('PUT', '/v1/gateway', { json: { sending: 'no' } }), 422, 'invalid', ['/sending']);
            isProblem(await manager.request('PUT', '/v1/gateway', { json: { sending: true, hold: 'flows' } }), 400, 'unknown_member');
        });
    });

    it('O18 switched off at one copy, both send nothing within a second', { skip: store.name === 'sqlite' && 'one copy owns a SQLite file' }, async () => {
        const settings = { AGIZO_SMS_RATE: '40' };
        const { gateway, service: first } = await pair(store, settings);
        const second = await startService({ store, gateway, database: first.database, settings });
        await Promise.all([addOrders(first, 150), addOrders(second, 150)]);
        await until('some were sent', () => gateway.journal().length > 10);
        await switchSending(first, false);
        const at = Date.now();
        await inTime('both say so', Promise.all([first, second].map((copy) => gatewayIs(copy, 'is halted', (json) => json.hold === 'halted' && !json.sending))), 5000);
        assert.ok(Date.now() - at < 2000, 'the other copy has heard of it');
        const left = await countIn(first, 'queued');
        assert.ok(left > 0);
        await until('a while has passed', () => Date.now() - at > 2500);
        assert.deepEqual(gateway.journal().filter(({ time }) => Date.parse(time) > at + 1000), []);
        assert.equal(await countIn(first, 'queued'), left);
        await switchSending(second, true);
        await allSent(first, gateway, 300);
        assert.equal(gateway.journal().length, 300);
        await first.close();
        await second.close();
    });

    it('the gateway’s view says what it is set to', async () => {
        const { service } = await pair(store, { AGIZO_SMS_SENDER: 'AGIZO', AGIZO_SMS_RATE: '7', AGIZO_SMS_DAILY_COST: 'KES 100' });
        await reaches(service, await order(service), 'accepted');
        const view = await gatewayIs(service, 'has counted', ({ spent_today: spent, queued }) => spent === 'KES 0.8000' && queued === 0);
        assert.deepEqual(view, { gateway: 'africastalking', sender: 'AGIZO', sending: true, hold: 'flows', in_flight: 0, rate: 7, queued: 0, spent_today: 'KES 0.8000', daily_cap: 'KES 100.0000' });
        await service.close();
    });
});

it('the log gateway has a view, too', async () => {
    const service = await startService({ store: sqlite });
    await reaches(service, await order(service, { phone: '0712345678' }), 'accepted');
    const view = await gatewayIs(service, 'has counted', ({ queued }) => queued === 0);
    assert.deepEqual([view.gateway, view.sender, view.hold, view.daily_cap], ['log', '', 'flows', null]);
});
