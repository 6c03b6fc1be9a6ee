// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of customers, orders and messages: order, pages, cursors, filters.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { forEachStore, isProblem, startService } from './harness.mjs';

/* Few times for many orders, so that pages end between rows of one time. */
const TIMES = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z', '2026-01-02T00:00:00.001Z'];
const CODES = ['C1', 'C2', 'c3'];
const ORDERS = 45;

forEachStore((store) => {
    let service;
    let orders; /* as a list has to show them */
    let messages;

    before(async () => {
        service = await startService({ store });
        for (const code of CODES) await service.post('/v1/customers', { code, name: `Customer ${code}` });
        const made = await Promise.all(Array.from({ length: ORDERS }, (_, i) => service.post('/v1/orders', {
            customer: CODES[i % 2], item: `Item ${i}`, amount: String(i), time: TIMES[i % TIMES.length],
        })));
        orders = made.map(({ json }) => json).sort((a, b) => newestFirst(a.time, b.time) || newestFirst(a.id, b.id));
        messages = await everyRow('/v1/messages');
    });

    function newestFirst(a, b) {
        return a < b ? 1 : a > b ? -1 : 0;
    }

    function ids(rows) {
        return rows.map(({ id }) => id);
    }

    async function page(target, query) {
        const answer = await service.get(target, { query });
        assert.equal(answer.status, 200, answer.text);
        return answer;
    }

    /* Follows the cursors to the end. */
    async function everyRow(target, query = {}) {
        const rows = [];
        let cursor;
        do {
            const { json } = await page(target, { ...query, ...(cursor && { cursor }) });
            assert.equal(json.has_more, 'next_cursor' in json);
            rows.push(...json.data);
            cursor = json.next_cursor;
        } while (cursor);
        return rows;
    }

    describe('a page', () => {
        it('has 50 rows at most, where nothing else is said; the last says so', async () => {
            const { json, headers } = await page('/v1/orders');
            assert.deepEqual(Object.keys(json), ['data', 'has_more']);
            assert.equal(json.has_more, false);
            assert.equal(headers.link, undefined);
            assert.deepEqual(json.data, orders);
            for (let i = 0; i < 8; i++) await service.post('/v1/customers', { code: `many-${i}`, name: 'M' });
        });

        it('shows rows as GET by id does', async () => {
            for (const [list, row] of [['orders', orders[0]], ['messages', messages[0]], ['customers', (await page('/v1/customers')).json.data[0]]]) {
                const single = await service.get(`/v1/${list}/${row.id}`);
                assert.deepEqual(single.json, row);
            }
        });

        it('has as many rows as asked for, from 1 to 200', async () => {
            for (const limit of [1, 2, 44]) {
                const { json } = await page('/v1/orders', { limit });
                assert.deepEqual(ids(json.data), ids(orders.slice(0, limit)));
                assert.equal(json.has_more, true);
            }
            for (const limit of [45, 46, 200]) {
                const { json } = await page('/v1/orders', { limit });
                assert.equal(json.data.length, ORDERS);
                assert.equal(json.has_more, false);
            }
        });

        for (const limit of ['0', '-1', '201', '1.0', '1e1', 'x', '', ' 5', '99999999999999999999', '٥']) {
            it(`limit=${limit} is refused`, async () => {
                isProblem(await service.get('/v1/orders', { query: { limit } }), 400, 'bad_parameter');
            });
        }

        it('is empty where nothing is', async () => {
            assert.deepEqual((await page('/v1/orders', { customer: 'c3' })).json, { data: [], has_more: false });
        });
    });

    describe('pages', () => {
        for (const limit of [1, 2, 7, 15, 44, 45]) {
            it(`of ${limit} show every order once, newest first, ties by id`, async () => {
                assert.deepEqual(ids(await everyRow('/v1/orders', { limit })), ids(orders));
            });
        }

        it('of customers and messages are ordered by when they were made', async () => {
            for (const list of ['customers', 'messages']) {
                const whole = await everyRow(`/v1/${list}`, { limit: 200 });
                const sorted = [...whole].sort((a, b) => newestFirst(a.created_at, b.created_at) || newestFirst(a.id, b.id));
                assert.deepEqual(ids(whole), ids(sorted));
                assert.deepEqual(ids(await everyRow(`/v1/${list}`, { limit: 4 })), ids(whole));
            }
        });

        it('are linked', async () => {
            const { headers, json } = await page('/v1/orders', { limit: 7, customer: 'C1', from: TIMES[0] });
            const [, target, relation] = /^<([^>]*)>; (.*)$/.exec(headers.link);
            assert.equal(relation, 'rel="next"');
            const linked = await page(target);
            const asked = await page('/v1/orders', { limit: 7, customer: 'C1', from: TIMES[0], cursor: json.next_cursor });
            assert.equal(linked.text, asked.text);
            assert.match(linked.headers.link, /^<\/v1\/orders\?limit=7&customer=C1&from=2026-01-01T00%3A00%3A00.000Z&cursor=[\w-]+>; rel="next"$/);
        });

        it('may change their size on the way', async () => {
            const { json: first } = await page('/v1/orders', { limit: 5 });
            const { json: second } = await page('/v1/orders', { limit: 9, cursor: first.next_cursor });
            assert.deepEqual(ids([...first.data, ...second.data]), ids(orders.slice(0, 14)));
        });

        it('are not moved by rows that come in front', async () => {
            const { json: first } = await page('/v1/customers', { limit: 2 });
            await service.post('/v1/customers', { code: 'late', name: 'Late' });
            const { json: second } = await page('/v1/customers', { limit: 2, cursor: first.next_cursor });
            assert.equal(new Set(ids([...first.data, ...second.data])).size, 4);
            assert.ok(!second.data.some(({ code }) => code === 'late'));
        });
    });

    describe('a cursor', () => {
        const refused = async (target, query) => isProblem(await service.get(target, { query }), 400, 'bad_cursor');
        let cursor;
        before(async () => { cursor = (await page('/v1/orders', { limit: 5 })).json.next_cursor; });

        it('that was changed anywhere is refused', async () => {
            for (let at = 0; at < cursor.length; at++) {
                const other = cursor[at] === 'A' ? 'B' : 'A';
                await refused('/v1/orders', { cursor: cursor.slice(0, at) + other + cursor.slice(at + 1) });
            }
        });

        it('that was made up is refused', async () => {
            const made = [
                '', 'x', 'null', cursor.slice(1), cursor.slice(0, -1), `${cursor}A`, `${cursor}=`, `${cursor} `, `${cursor}${cursor}`,
                Buffer.alloc(40).toString('base64url'), Buffer.alloc(24).toString('base64url'), 'A'.repeat(4000), '../..', '%00x', '\u00e9',
            ];
            for (const text of made) await refused('/v1/orders', { cursor: text });
        });

        it('belongs to its list and its filters', async () => {
            await refused('/v1/customers', { cursor });
            await refused('/v1/messages', { cursor });
            for (const filter of [{ customer: 'C1' }, { from: TIMES[0] }, { to: TIMES[2] }]) await refused('/v1/orders', { ...filter, cursor });
            const { json: filtered } = await page('/v1/orders', { limit: 5, customer: 'C1' });
            await refused('/v1/orders', { cursor: filtered.next_cursor });
            await refused('/v1/orders', { customer: 'C2', cursor: filtered.next_cursor });
            const { json: byState } = await page('/v1/messages', { limit: 5, state: 'skipped' });
            await refused('/v1/messages', { cursor: byState.next_cursor });
            await refused('/v1/messages', { state: 'queued', cursor: byState.next_cursor });
        });

        it('of all orders is no key to them for a customer', async () => {
            const me = service.as({ roles: ['customer'], customer_code: 'C1' });
            isProblem(await me.get('/v1/orders', { query: { cursor } }), 400, 'bad_cursor');
            const own = await me.get('/v1/orders', { query: { limit: 5 } });
            const next = await me.get('/v1/orders', { query: { limit: 200, cursor: own.json.next_cursor } });
            assert.deepEqual(ids([...own.json.data, ...next.json.data]), ids(orders.filter(({ customer }) => customer === 'C1')));
        });

        it('outlives a restart', async () => {
            const { json: first } = await page('/v1/orders', { limit: 5 });
            await service.restart();
            const { json: second } = await page('/v1/orders', { limit: 5, cursor: first.next_cursor });
            assert.deepEqual(ids(second.data), ids(orders.slice(5, 10)));
        });
    });

    describe('filters', () => {
        it('by customer, in any case', async () => {
            const mine = orders.filter(({ customer }) => customer === 'C2');
            for (const customer of ['C2', 'c2']) {
                assert.deepEqual(ids(await everyRow('/v1/orders', { customer, limit: 4 })), ids(mine));
            }
            const [{ code }, ...more] = await everyRow('/v1/customers', { customer: 'C3' });
            assert.deepEqual([code, more.length], ['c3', 0]);
            assert.deepEqual(ids(await everyRow('/v1/messages', { customer: 'C1', limit: 10 })).sort(),
                ids(messages.filter(({ customer }) => customer === 'C1')).sort());
        });

        it('take text literally', async () => {
            for (const customer of ['%', '_1', 'C%', '*', '\' or 1=1 --', 'C1 ', '漢']) {
                assert.deepEqual((await page('/v1/orders', { customer })).json.data, []);
            }
        });

        it('by time, with the start and without the end', async () => {
            const between = (from, to) => ids(orders.filter(({ time }) => (!from || time >= from) && (!to || time < to)));
            for (const [from, to] of [[TIMES[1], undefined], [undefined, TIMES[1]], [TIMES[0], TIMES[1]], [TIMES[1], TIMES[2]], [TIMES[2], TIMES[2]], [TIMES[2], TIMES[0]]]) {
                const query = { ...(from && { from }), ...(to && { to }), limit: 6 };
                assert.deepEqual(ids(await everyRow('/v1/orders', query)), between(from, to), JSON.stringify(query));
            }
            const east = await everyRow('/v1/orders', { from: '2026-01-02T03:00:00+03:00', to: '2026-01-02T03:00:00.001+03:00' });
            assert.deepEqual(ids(east), between(TIMES[1], TIMES[2]));
            assert.equal((await page('/v1/customers', { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' })).json.data.length, 0);
        });

        it('of messages by state and order', async () => {
            assert.equal((await everyRow('/v1/messages', { state: 'skipped', limit: 20 })).length, ORDERS);
            assert.equal((await page('/v1/messages', { state: 'queued' })).json.data.length, 0);
            const [{ id, order_id: order }] = messages;
            assert.deepEqual(ids((await page('/v1/messages', { order })).json.data), [id]);
            assert.deepEqual((await page('/v1/messages', { order, state: 'dead' })).json.data, []);
        });

        for (const [list, query] of [
            ['orders', { from: 'yesterday' }], ['orders', { to: '2026-01-01' }], ['orders', { from: '' }], ['orders', { customer: '' }],
            ['messages', { state: 'lost' }], ['messages', { state: 'QUEUED' }], ['messages', { state: '' }], ['messages', { order: '1' }],
        ]) {
            it(`${list} refuses ${new URLSearchParams(query)}`, async () => {
                const answer = await service.get(`/v1/${list}`, { query });
                isProblem(answer, 400, 'bad_parameter');
                assert.ok(answer.json.detail.includes(Object.keys(query)[0]), answer.text);
            });
        }

        it('that do not exist are refused', async () => {
            for (const [target, name] of [
                ['/v1/orders?state=queued', 'state'], ['/v1/orders?order=x', 'order'], ['/v1/orders?Limit=5', 'Limit'], ['/v1/customers?page=2', 'page'],
                ['/v1/messages?%20limit=5', ' limit'], ['/v1/orders?limit[]=5', 'limit[]'],
            ]) {
                const answer = await service.get(target);
                isProblem(answer, 400, target.includes('[') ? 'malformed' : 'unknown_parameter');
                if (!target.includes('[')) assert.ok(answer.json.detail.includes(name), answer.text);
            }
            isProblem(await service.get(`/v1/orders/${orders[0].id}?limit=5`), 400, 'unknown_parameter');
            isProblem(await service.post('/v1/orders?limit=5', {}), 400, 'unknown_parameter');
        });

        it('given twice are refused', async () => {
            isProblem(await service.get('/v1/orders?limit=5&limit=5'), 400, 'bad_parameter');
            isProblem(await service.get('/v1/orders?customer=C1&custome%72=C2'), 400, 'bad_parameter');
        });
    });
});
