// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Messages: from an order to a phone, through a gateway that works, refuses, stumbles, lies and falls silent.
 *
 * Whatever the gateway does, its journal is the judge: at most one accepted SMS per order, with the text and number that the API shows. Pauses and
 * limits stand in limits_sms.test.mjs, refused accounts in account_stop.test.mjs.
 */
import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';
import {
    acceptedFor, create, forEachStore, freshNumber, keep, message, order, reaches, runProgram, sendsFor, sqlite, startService, states, until,
} from './harness.mjs';

forEachStore((store) => {
    let gateway;
    let service;
    before(async () => {
        gateway = keep(await startGateway());
        service = await startService({ store, gateway });
    });
    afterEach(() => gateway.reset());

    describe('an order', () => {
        it('brings its customer one SMS', async () => {
            const made = await order(service, { time: '2026-03-01T09:05:00+03:00' });
            assert.equal(made.message.state, 'queued');
            const sent = await reaches(service, made, 'accepted');
            const [entry, ...more] = acceptedFor(gateway, made);
            assert.deepEqual(more, []);
            assert.equal(entry.text, sent.body);
            assert.equal(entry.id, sent.provider_id);
            assert.equal(sent.body, 'Dear Asha Njeri, we have received your order of Maize flour 2 kg, KES 1,250.00, on '
                + `1 Mar 2026 09:05 EAT. Ref ${made.id.slice(-8).toUpperCase()}.`);
        });

        it('shows its message, and the message its order', async () => {
            const made = await order(service);
            const sent = await reaches(service, made, 'accepted');
            assert.deepEqual((await service.get(`/v1/orders/${made.id}`)).json.message, { id: sent.id, state: 'accepted' });
            assert.equal(sent.order_id, made.id);
            assert.equal(sent.customer, made.customer);
            assert.equal(sent.to, made.to);
            assert.equal(sent.encoding, 'gsm-7');
            assert.equal(sent.parts, 1);
            assert.equal(sent.attempts, 1);
            assert.equal(sent.cost, 'KES 0.8000');
            assert.equal(sent.provider_status, '102 Queued');
            assert.ok(!('failure' in sent));
            assert.deepEqual(states(sent), ['queued', 'sending', 'accepted']);
            assert.ok(Date.parse(sent.sent_at) >= Date.parse(sent.created_at));
            assert.equal(Date.parse(sent.expires_at) - Date.parse(sent.created_at), 86_400_000);
        });

        it('of a customer without a number is recorded with a skipped message', async () => {
            const made = await order(service, { phone: null });
            const skipped = await message(service, made);
            assert.equal(skipped.state, 'skipped');
            assert.match(skipped.failure, /no phone number/);
            assert.ok(!('to' in skipped));
        });

        it('of a customer who opted out sends nothing', async () => {
            const made = await order(service, { customer: { sms_opt_out: true } });
            await reaches(service, await order(service), 'accepted');
            const suppressed = await message(service, made);
            assert.equal(suppressed.state, 'suppressed');
            assert.match(suppressed.failure, /opted out/);
            assert.deepEqual(sendsFor(gateway, made), []);
        });

        it('of a Swahili speaker is confirmed in Swahili', async () => {
            const made = await order(service, { customer: { language: 'sw' } });
            assert.match((await reaches(service, made, 'accepted')).body, /^Mpendwa Asha Njeri, tumepokea agizo lako la Maize flour 2 kg, /);
        });

        it('reaches one recipient with its very text, whatever stands in it', async () => {
            for (const name of ['A&to=+254700000000', 'line\nbreak; a,b', '漢字 😀 ’', '%n%s {n}', 'a+b =c %2B']) {
                const made = await order(service, { name, item: name });
                const sent = await reaches(service, made, 'accepted');
                const entries = sendsFor(gateway, made);
                assert.deepEqual(entries.map(({ text }) => text), [sent.body]);
                assert.ok(sent.body.startsWith(`Dear ${name}, `), sent.body);
                assert.equal(entries[0].parts, sent.parts);
            }
        });

        it('with a long item is cut to the parts that are allowed', async () => {
            for (const [unit, encoding] of [['x', 'gsm-7'], ['ж', 'ucs-2'], ['😀', 'ucs-2'], ['{', 'gsm-7']]) {
                const made = await order(service, { item: unit.repeat(200), name: unit.repeat(150) });
                const sent = await reaches(service, made, 'accepted');
                assert.ok(sent.parts <= 3, `${unit}: ${sent.parts}`);
                assert.equal(sent.encoding, encoding);
                assert.ok(sent.body.includes(made.id.slice(-8).toUpperCase()));
                assert.equal(sendsFor(gateway, made)[0].parts, sent.parts);
            }
        });
    });

    describe('a refusal', () => {
        for (const [mode, status, end = 'dead'] of [
            [403, '403 InvalidPhoneNumber'], [404, '404 UnsupportedNumberType'], [406, '406 UserInBlacklist', 'suppressed'],
            [409, '409 DoNotDisturbRejection'], [999, '999 Unknown999'],
        ]) {
            it(`${status} ends the message at once, with its reason`, async () => {
                gateway.control({ mode, next: 1 });
                const made = await order(service);
                const dead = await reaches(service, made, end);
                assert.equal(dead.provider_status, status);
                assert.ok(dead.failure.length > 0);
                assert.equal(dead.attempts, 1);
                assert.deepEqual(acceptedFor(gateway, made), []);
            });
        }

        for (const status of [400, 404, 405, 413, 415]) {
            it(`by HTTP ${status} ends the message, and raises an alarm`, async () => {
                gateway.control({ mode: 'http', status, next: 1 });
                const dead = await reaches(service, await order(service), 'dead');
                assert.equal(dead.provider_status, `HTTP ${status}`);
                await service.logged((entry) => entry.event === 'sms.fault' && entry.answer === `HTTP ${status}`);
            });
        }

        it('of the whole request for no known reason is no silent success', async () => {
            gateway.control({ mode: 'empty', message: 'Sent to 0/1 Total Cost: 0', next: 1 });
            assert.equal((await reaches(service, await order(service), 'dead')).provider_status, 'Sent to 0/1 Total Cost: 0');
        });

        for (const mode of [500, 501, 502]) {
            it(`${mode} is tried again`, async () => {
                gateway.control({ mode, next: 1 });
                const made = await order(service);
                const sent = await reaches(service, made, 'accepted');
                assert.equal(sent.attempts, 2);
                assert.deepEqual(states(sent), ['queued', 'sending', 'queued', 'sending', 'accepted']);
                assert.equal(acceptedFor(gateway, made).length, 1);
            });
        }

        it('502 is tried twice again, not more', async () => {
            const made = await order(service, { phone: ruled(502) });
            const dead = await reaches(service, made, 'dead');
            assert.equal(dead.attempts, 3);
            assert.equal(sendsFor(gateway, made).length, 3);
        });

        it('407 waits an hour for its one retry', async () => {
            const made = await order(service, { phone: ruled(407) });
            const waiting = await until('the refusal is settled', async () => {
                const now = await message(service, made);
                return now.provider_status && now;
            });
            assert.equal(waiting.state, 'queued');
            const [, , { at }] = waiting.history;
            assert.ok(Math.abs(Date.parse(waiting.due_at) - Date.parse(at) - 3_600_000) < 5_000);
        });

        /** A number that is always answered so, until the reset. */
        function ruled(mode) {
            const to = freshNumber();
            gateway.control({ mode, to });
            return to;
        }
    });

    describe('what may have been taken', () => {
        for (const [words, rule] of [
            ['a reset after the request was read', { mode: 'reset-after' }],
            ['a reset after it was written', { mode: 'reset-before' }],
            ['an answer cut in half', { mode: 'truncated' }],
            ['an answer shorter than it says', { mode: 'short' }],
            ['an answer in XML', { mode: 'xml' }],
            ['a page of HTML under 200', { mode: 'html' }],
            ['HTTP 500', { mode: 'http', status: 500, accepted: true }],
            ['HTTP 502', { mode: 'http', status: 502, accepted: true }],
            ['HTTP 504', { mode: 'http', status: 504, accepted: true }],
        ]) {
            it(`by ${words} is unknown, and is not sent again`, async () => {
                gateway.control({ ...rule, next: 1 });
                const made = await order(service);
                const unknown = await reaches(service, made, 'unknown');
                assert.match(unknown.failure, /may have taken/);
                await reaches(service, await order(service), 'accepted');
                const times = rule.mode === 'reset-before' ? 0 : 1; /* a number that was not read is not journaled */
                assert.equal(sendsFor(gateway, made).length, times);
                assert.equal((await message(service, made)).state, 'unknown');
            });
        }

        it('by 200 instead of 201 is accepted, for the body says so', async () => {
            gateway.control({ mode: 'ok200', next: 1 });
            await reaches(service, await order(service), 'accepted');
        });
    });

    it('many orders at once share a few kept-alive connections, and each gets its one SMS', async () => {
        const orders = 300;
        const peer = keep(await startGateway());
        peer.control({ settings: { latencyMs: 20 } });
        const busy = await startService({ store, gateway: peer });
        await create(busy, 'customers', { code: 'Many', name: 'Wanjiru', phone: '0712345678' });
        const made = await Promise.all(Array.from({ length: orders }, () => create(busy, 'orders', { customer: 'Many', item: 'Tea', amount: '10' })));
        await until('all are accepted', async () => Number((await busy.query("select count(*) from messages where state = 'accepted'"))[0][0]) === orders);
        assert.equal(new Set(peer.accepted().map(({ key }) => key)).size, orders);
        assert.equal(peer.accepted().length, orders);
        const texts = new Set(peer.accepted().map(({ text }) => text));
        for (const { id } of made) assert.ok([...texts].some((text) => text.includes(id.slice(-8).toUpperCase())));
        const { inFlightPeak, connectionsOpened } = peer.stats();
        assert.ok(inFlightPeak > 1 && inFlightPeak <= 32, `${inFlightPeak} requests at a time`);
        assert.ok(connectionsOpened <= 40, `${connectionsOpened} connections`);
        const metrics = await busy.metrics();
        assert.equal(metrics['agizo_sms_sends_total{state="accepted"}'], orders);
        assert.equal(metrics.agizo_sms_send_seconds_count, orders);
        await until('the outbox is seen to be empty', async () => (await busy.metrics()).agizo_outbox_depth === 0);
        await busy.close();
    });

    it('a gateway that is not there yet gets everything once it is', async () => {
        const later = await startGateway();
        const { url, username, apiKey } = later;
        await later.close();
        const patient = await startService({ store, gateway: { url, username, apiKey } });
        const made = await Promise.all(Array.from({ length: 10 }, () => order(patient)));
        await until('one was tried', async () => (await patient.metrics())['agizo_sms_sends_total{state="queued"}'] > 0);
        const back = keep(await startGateway({ port: Number(new URL(url).port) }));
        for (const one of made) {
            const sent = await reaches(patient, one, 'accepted');
            assert.ok(sent.history.every(({ state }) => state !== 'unknown'));
        }
        assert.equal(back.accepted().length, 10);
        await patient.close();
    });

    it('a gateway that does not answer in time may have taken the message', async () => {
        const peer = keep(await startGateway());
        const hasty = await startService({ store, gateway: peer, settings: { AGIZO_SMS_TIMEOUT: '1' } });
        peer.control({ rules: [{ mode: 'stall', next: 1 }, { mode: 'stall-body', next: 1 }] });
        const made = [await order(hasty), await order(hasty)];
        for (const one of made) await reaches(hasty, one, 'unknown');
        await reaches(hasty, await order(hasty), 'accepted');
        assert.equal(peer.accepted().length, 3);
        await hasty.close();
    });

    it('at the end of the service, calls on their way are waited for', async () => {
        const peer = keep(await startGateway());
        const ending = await startService({ store, gateway: peer });
        peer.control({ mode: 'normal', delayMs: 700 });
        const made = await Promise.all(Array.from({ length: 5 }, () => order(ending)));
        await until('all are with the gateway', () => peer.journal().length === 5);
        assert.deepEqual(await ending.stop(), { code: 0, signal: null });
        await ending.start();
        await ending.ready();
        for (const one of made) assert.equal((await message(ending, one)).state, 'accepted');
        assert.equal(peer.journal().length, 5);
        await ending.close();
    });

    it('what waited when the service was killed goes out when it is back', async () => {
        const peer = keep(await startGateway());
        const killed = await startService({ store, gateway: peer });
        peer.control({ settings: { balance: 'KES 0' }, rules: [{ mode: 405 }] });
        const made = await Promise.all(Array.from({ length: 10 }, () => order(killed)));
        await killed.logged('sms.account_stopped');
        await until('all are back in the queue', async () => Number((await killed.query("select count(*) from messages where state = 'queued'"))[0][0]) === 10);
        await killed.kill();
        peer.reset();
        await killed.start();
        for (const one of made) await reaches(killed, one, 'accepted');
        assert.equal(peer.accepted().length, 10);
        await killed.close();
    });

    it('copies of the service on one database send each message once', { skip: store.name === 'sqlite' && 'one copy owns a SQLite file' }, async () => {
        const peer = keep(await startGateway());
        peer.control({ settings: { latencyMs: 5 } });
        const first = await startService({ store, gateway: peer });
        const second = await startService({ store, gateway: peer, database: first.database });
        const made = await Promise.all(Array.from({ length: 100 }, (_, i) => order(i % 2 ? first : second)));
        for (const one of made) await reaches(first, one, 'accepted');
        assert.equal(peer.journal().length, 100);
        await first.close();
        await second.close();
    });

    it('the log gateway writes the text to the log, and hides the number', async () => {
        const quiet = await startService({ store });
        const made = await order(quiet, { phone: '0712345678' });
        const sent = await reaches(quiet, made, 'accepted');
        const logged = await quiet.logged('sms.logged');
        assert.equal(logged.text, sent.body);
        assert.equal(logged.message, sent.id);
        assert.ok(!JSON.stringify(quiet.log).includes('712345678'));
        await quiet.close();
    });
});

describe('settings', () => {
    for (const [words, settings] of [
        ['a gateway that does not exist', { AGIZO_SMS_GATEWAY: 'pigeon' }],
        ['no key', { AGIZO_SMS_GATEWAY: 'africastalking', AGIZO_AT_USERNAME: 'sandbox' }],
        ['a URL that is none', { AGIZO_SMS_GATEWAY: 'africastalking', AGIZO_AT_USERNAME: 'sandbox', AGIZO_AT_API_KEY: 'k', AGIZO_AT_URL: 'x' }],
    ]) {
        it(`with ${words} end the service at once`, async () => {
            const { code, lines } = await runProgram(['serve', '--listen=127.0.0.1:0', '--admin-listen=127.0.0.1:0'],
                { AGIZO_DATABASE: (await sqlite.createDatabase()).url, ...settings });
            assert.notEqual(code, 0);
            assert.ok(lines.some(({ event, why }) => event === 'service.failed' && why.includes('AGIZO_')), JSON.stringify(lines));
        });
    }
});
