// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * /metrics: every metric of src/obs/metrics.def is there, well formed, and moves with what it counts.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { forEachStore, startService, until } from './harness.mjs';

const TYPES = { COUNTER: 'counter', GAUGE: 'gauge', SECONDS: 'histogram', SIZES: 'histogram' };
const ROWS = readFileSync(new URL('../../src/obs/metrics.def', import.meta.url), 'utf8').matchAll(/^METRIC\(\w+, (\w+), "(\w+)"/gm);
const METRICS = Array.from(ROWS, ([, kind, name]) => ({ name, type: TYPES[kind] }));
const SERIES = /^([a-z_]+)(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? (\d+(\.\d+)?)$/;

forEachStore((store) => {
    let service;
    before(async () => {
        service = await startService({ store });
        await service.post('/v1/customers', { code: 'C1', name: 'Asha', phone: '0712345678' });
    });

    /* How much each series grows while `act` runs. */
    async function growth(act) {
        const start = await service.metrics();
        await act();
        const end = await service.metrics();
        return (series) => (end[series] ?? 0) - (start[series] ?? 0);
    }

    function order() {
        return service.post('/v1/orders', { customer: 'C1', item: 'Maize', amount: '1' });
    }

    describe('the exposition', () => {
        it('has every metric with its help and its type, once', async () => {
            assert.ok(METRICS.length > 10);
            const { text } = await service.admin('/metrics');
            for (const { name, type } of METRICS) {
                assert.equal(text.split('\n').filter((line) => line.startsWith(`# HELP ${name} `)).length, 1, name);
                assert.equal(text.split('\n').filter((line) => line === `# TYPE ${name} ${type}`).length, 1, name);
            }
        });

        it('has series in the form that Prometheus reads', async () => {
            await order();
            const { text } = await service.admin('/metrics');
            assert.ok(text.endsWith('\n'));
            const lines = text.slice(0, -1).split('\n').filter((line) => !line.startsWith('#'));
            for (const line of lines) assert.match(line, SERIES);
            assert.equal(new Set(lines.map((line) => line.slice(0, line.lastIndexOf(' ')))).size, lines.length, 'no series twice');
        });

        it('has histograms whose buckets add up', async () => {
            await order();
            const metrics = await service.metrics();
            for (const { name } of METRICS.filter(({ type }) => type === 'histogram')) {
                for (const [series, count] of Object.entries(metrics).filter(([text]) => text.startsWith(`${name}_count`))) {
                    const labels = series.slice(`${name}_count`.length).replace(/[{}]/g, '');
                    const buckets = Object.entries(metrics).filter(([text]) => text.startsWith(`${name}_bucket{${labels}${labels && ','}le=`));
                    assert.ok(buckets.length > 2, series);
                    buckets.reduce((below, [text, value]) => {
                        assert.ok(value >= below, text);
                        return value;
                    }, 0);
                    assert.match(buckets.at(-1)[0], /le="\+Inf"/);
                    assert.equal(buckets.at(-1)[1], count);
                }
            }
        });
    });

    describe('requests', () => {
        it('are counted by route and status', async () => {
            const grown = await growth(async () => {
                for (let i = 0; i < 3; i++) await order();
                await service.post('/v1/orders', {});
                await service.get('/v1/orders/x');
                await service.withToken(null).get('/v1/customers');
                await service.get('/v1/nowhere');
            });
            const count = (route, status) => grown(`agizo_http_requests_total{route="${route}",status="${status}"}`);
            assert.equal(count('POST /v1/orders', 201), 3);
            assert.equal(count('POST /v1/orders', 422), 1);
            assert.equal(count('GET /v1/orders/{id}', 404), 1);
            assert.equal(count('GET /v1/customers', 401), 1);
            assert.equal(count('none', 404), 1);
            assert.equal(grown('agizo_http_request_seconds_count{route="POST /v1/orders"}'), 4);
            assert.ok(grown('agizo_http_request_seconds_sum{route="POST /v1/orders"}') > 0);
        });

        it('of the admin listener are not', async () => {
            const grown = await growth(() => service.admin('/livez'));
            assert.equal(grown('agizo_http_requests_total{route="none",status="200"}'), 0);
            assert.equal(grown('agizo_http_request_seconds_count{route="none"}'), 0);
        });

        it('come over connections, which are counted', async () => {
            const grown = await growth(async () => {
                const client = service.freshClient({});
                await client.get('/v1/orders');
                client.close();
            });
            assert.ok(grown('agizo_http_connections_total') >= 1);
        });
    });

    describe('parts', () => {
        it('the store counts its transactions and what is in them', async () => {
            const grown = await growth(() => Promise.all(Array.from({ length: 20 }, order)));
            assert.ok(grown('agizo_store_batch_size_sum') >= 20);
            assert.ok(grown('agizo_store_batch_size_count') >= 1);
            assert.ok(grown('agizo_store_batch_seconds_count') >= 1);
        });

        it('auth counts tokens by result', async () => {
            const grown = await growth(async () => {
                await service.as({ roles: ['viewer'] }).get('/v1/orders');
                await service.withToken('a.b.c').get('/v1/orders');
            });
            const moved = Object.keys(await service.metrics()).filter((series) => series.startsWith('agizo_tokens_total{') && grown(series) > 0);
            assert.ok(moved.length >= 2, moved.join());
            const fetches = Object.entries(await service.metrics()).filter(([series, value]) => series.startsWith('agizo_identity_fetches_total') && value > 0);
            assert.ok(fetches.length > 0);
        });

        it('the dispatcher counts what it sends, and empties the outbox', async () => {
            await until('the orders before are sent', async () => (await service.get('/v1/messages?state=accepted&limit=200')).json.data.length === (await service.get('/v1/orders?limit=200')).json.data.length);
            const start = await service.metrics();
            const accepted = 'agizo_sms_sends_total{state="accepted"}';
            await Promise.all(Array.from({ length: 10 }, order));
            await until('all are sent', async () => (await service.metrics())[accepted] === (start[accepted] ?? 0) + 10);
            await until('the outbox is empty', async () => (await service.metrics()).agizo_outbox_depth === 0);
            const end = await service.metrics();
            assert.ok(end.agizo_sms_send_seconds_count - (start.agizo_sms_send_seconds_count ?? 0) >= 10);
            assert.equal(end.agizo_sms_account_stopped ?? 0, 0);
            assert.equal(end.agizo_log_dropped_total, 0);
        });

        it('the outbox grows and ages while the gateway is away', async () => {
            const away = await startService({ store, gateway: { url: 'http://127.0.0.1:9', username: 'sandbox', apiKey: 'key' } });
            await away.post('/v1/customers', { code: 'C1', name: 'Asha', phone: '0712345678' });
            for (let i = 0; i < 3; i++) await away.post('/v1/orders', { customer: 'C1', item: 'Maize', amount: '1' });
            await until('the outbox has them', async () => (await away.metrics()).agizo_outbox_depth === 3);
            await until('each was tried', async () => (await away.metrics())['agizo_sms_sends_total{state="queued"}'] >= 3);
            await away.stop();
        });
    });
});
