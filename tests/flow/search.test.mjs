// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Lists by words and amounts, with their bounds; counts; and what parameters must not do: show others' rows, or mean anything but themselves.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { forEachStore, isProblem, startService } from './harness.mjs';
import { NAUGHTY } from './harness/samples.mjs';

const LISTS = ['customers', 'orders', 'messages'];
const FILTERS = {
    customers: ['customer', 'from', 'to', 'q'],
    orders: ['customer', 'from', 'to', 'currency', 'min_amount', 'max_amount', 'q'],
    messages: ['customer', 'from', 'to', 'state', 'order', 'q'],
};
const CUSTOMERS = [
    { code: 'Shop-1', name: 'Asha NJERI 10%', phone: '+254711000012' },
    { code: 'sHop-2', name: 'Ñandú \\o/' },
    { code: 'C_3', name: 'Otieno' },
];
const ORDERS = [
    { customer: 'shop-1', item: 'Maize FLOUR', amount: '250.00', external_ref: 'PO-12' },
    { customer: 'shop-1', item: 'a_b', amount: '250.05' },
    { customer: 'shop-2', item: 'flour', amount: '99.99', external_ref: 'po-912' },
    { customer: 'shop-2', item: 'Soap', amount: '80' },
    { customer: 'shop-2', item: 'Tea', amount: '250', currency: 'USD' },
    { customer: 'C_3', item: 'Rice', amount: '1250', currency: 'JPY' },
    { customer: 'C_3', item: 'Salt', amount: '1.250', currency: 'BHD' },
];
/* What a page of a search looks at, and a count of one: STORE_EXAMINE_MAX and STORE_COUNT_SEARCH_MAX of src/store/page.h. */
const EXAMINED = 10_000;
const COUNTED = 100_000;

forEachStore((store) => {
    let service;
    let me; /* a customer: Shop-1 */

    before(async () => {
        service = await startService({ store });
        for (const customer of CUSTOMERS) await made('customers', customer);
        for (const order of ORDERS) await made('orders', order);
        me = service.as({ roles: ['customer'], customer_code: 'Shop-1' });
    });

    async function made(list, json) {
        const answer = await service.post(`/v1/${list}`, json);
        assert.equal(answer.status, 201, answer.text);
    }

    async function page(list, query, { as = service, prefer } = {}) {
        const answer = await as.get(`/v1/${list}`, { query, headers: { prefer } });
        assert.equal(answer.status, 200, answer.text);
        return answer;
    }

    /* What the rows of the whole list are called, oldest first. */
    async function names(list, query, { as = service } = {}) {
        const rows = [];
        let cursor;
        do {
            const { json } = await page(list, { ...query, ...(cursor && { cursor }) }, { as });
            rows.push(...json.data);
            cursor = json.next_cursor;
        } while (cursor);
        return rows.map(({ item, code, order_id }) => item ?? code ?? order_id).reverse();
    }

    describe('q', () => {
        for (const [q, items, codes] of [
            ['flour', ['Maize FLOUR', 'flour'], []],
            ['FLOUR', ['Maize FLOUR', 'flour'], []],
            ['e f', ['Maize FLOUR'], []],
            ['shop', ['Maize FLOUR', 'a_b', 'flour', 'Soap', 'Tea'], ['Shop-1', 'sHop-2']],
            ['SHOP-2', ['flour', 'Soap', 'Tea'], ['sHop-2']],
            ['njeri', ['Maize FLOUR', 'a_b'], ['Shop-1']],
            ['Ñ', ['flour', 'Soap', 'Tea'], ['sHop-2']],
            ['ñ', [], []],
            ['+254711', ['Maize FLOUR', 'a_b'], ['Shop-1']],
            ['po-', ['Maize FLOUR', 'flour'], []],
            ['nothing of the kind', [], []],
        ]) {
            it(`finds ${q} in the texts of a row`, async () => {
                assert.deepEqual(await names('orders', { q }), items);
                assert.deepEqual(await names('customers', { q }), codes);
            });
        }

        it('finds a message by its number, its customer and the item, not by what we wrote', async () => {
            for (const [q, count] of [['711000012', 2], ['otieno', 2], ['SALT', 1], ['sHop-', 5], ['received', 0]]) {
                assert.equal((await names('messages', { q })).length, count, q);
            }
        });

        for (const [q, items, codes] of [
            ['%', ['Maize FLOUR', 'a_b'], ['Shop-1']], ['_', ['a_b', 'Rice', 'Salt'], ['C_3']], ['\\', ['flour', 'Soap', 'Tea'], ['sHop-2']],
            ['%%', [], []], ['a%b', [], []], ['a?b', [], []], ['*', [], []], ['.', [], []], ['\\o/', ['flour', 'Soap', 'Tea'], ['sHop-2']],
        ]) {
            it(`N03: ${q} is nothing but itself`, async () => {
                assert.deepEqual(await names('orders', { q }), items);
                assert.deepEqual(await names('customers', { q }), codes);
            });
        }

        it('stands beside every other filter', async () => {
            assert.deepEqual(await names('orders', { q: 'flour', customer: 'SHOP-2' }), ['flour']);
            assert.deepEqual(await names('orders', { q: 'shop', currency: 'USD' }), ['Tea']);
            assert.deepEqual(await names('orders', { q: 'shop', min_amount: '250' }), ['Maize FLOUR', 'a_b']);
            assert.deepEqual(await names('orders', { q: 'flour', to: '2020-01-01T00:00:00Z' }), []);
            assert.equal((await names('messages', { q: 'tea', state: 'skipped' })).length, 1);
            assert.equal((await names('messages', { q: 'tea', state: 'dead' })).length, 0);
        });

        it('has pages like any list', async () => {
            for (const limit of [1, 2, 3]) {
                assert.deepEqual(await names('orders', { q: 'shop', limit }), ['Maize FLOUR', 'a_b', 'flour', 'Soap', 'Tea']);
            }
        });

        for (const q of ['', 'x'.repeat(201)]) {
            it(`of ${q.length} characters is refused`, async () => {
                for (const list of LISTS) isProblem(await service.get(`/v1/${list}`, { query: { q } }), 400, 'bad_parameter');
            });
        }

        it('may have 200 characters', async () => {
            assert.deepEqual(await names('orders', { q: '漢'.repeat(200) }), []);
        });
    });

    describe('amounts', () => {
        for (const [query, items] of [
            [{ currency: 'KES' }, ['Maize FLOUR', 'a_b', 'flour', 'Soap']],
            [{ currency: 'USD' }, ['Tea']],
            [{ currency: 'EUR' }, []],
            [{ min_amount: '250' }, ['Maize FLOUR', 'a_b']],
            [{ max_amount: '250' }, ['Maize FLOUR', 'flour', 'Soap']],
            [{ min_amount: '250.05', max_amount: '250.05' }, ['a_b']],
            [{ min_amount: '251', max_amount: '250' }, []],
            [{ min_amount: '0', currency: 'USD' }, ['Tea']],
            [{ min_amount: '1250', max_amount: '1250', currency: 'JPY' }, ['Rice']],
            [{ max_amount: '1.25', currency: 'BHD' }, ['Salt']],
            [{ max_amount: '1.249', currency: 'BHD' }, []],
            [{ customer: 'c_3', min_amount: '1', currency: 'JPY' }, ['Rice']],
            [{ customer: 'c_3', min_amount: '1' }, []],
        ]) {
            it(`${new URLSearchParams(query)}: both ends, of one currency, KES where none is named`, async () => {
                assert.deepEqual(await names('orders', { ...query, limit: 1 }), items);
            });
        }

        for (const query of [
            { currency: 'kes' }, { currency: 'XXX' }, { currency: '' }, { currency: 'KES ' }, { min_amount: '' }, { min_amount: '-1' }, { min_amount: '1.005' },
            { min_amount: '1e3' }, { max_amount: '1,000' }, { max_amount: '10000000000000' }, { max_amount: '1.5', currency: 'JPY' }, { min_amount: '1', currency: 'ABC' },
        ]) {
            it(`${new URLSearchParams(query)} is refused`, async () => {
                isProblem(await service.get('/v1/orders', { query }), 400, 'bad_parameter');
            });
        }

        it('are for orders alone', async () => {
            for (const list of ['customers', 'messages']) {
                for (const name of ['currency', 'min_amount', 'max_amount']) {
                    isProblem(await service.get(`/v1/${list}`, { query: { [name]: 'KES' } }), 400, 'unknown_parameter');
                }
            }
        });
    });

    describe('count=exact', () => {
        const prefer = 'count=exact';

        it('is counted only for who prefers it', async () => {
            for (const other of [undefined, 'count=planned', 'count', 'return=minimal', 'x="count=exact"']) {
                const { json, headers } = await page('orders', {}, { prefer: other });
                assert.deepEqual([json.total, headers['content-range'], headers['preference-applied']], [undefined, undefined, undefined]);
            }
            const { json, headers } = await page('orders', {}, { prefer: 'wait=5, Count="exact"' });
            assert.deepEqual(Object.keys(json), ['data', 'has_more', 'total']);
            assert.deepEqual([json.total, headers['content-range'], headers['preference-applied']], [7, 'items 0-6/7', 'count=exact']);
        });

        it('counts the filters, not the page', async () => {
            for (const [list, query, total] of [
                ['customers', {}, 3], ['customers', { customer: 'c_3' }, 1], ['customers', { q: 'shop' }, 2], ['orders', { customer: 'SHOP-1' }, 2],
                ['orders', { q: 'flour' }, 2], ['orders', { min_amount: '100' }, 2], ['orders', { to: '2020-01-01T00:00:00Z' }, 0], ['orders', { customer: 'nobody' }, 0],
                ['messages', {}, 7], ['messages', { state: 'skipped' }, 5], ['messages', { state: 'skipped', customer: 'C_3' }, 2], ['messages', { q: 'tea' }, 1],
            ]) {
                const { json, headers } = await page(list, { ...query, limit: 1 }, { prefer });
                assert.equal(json.total, total, `${list} ${JSON.stringify(query)}`);
                assert.equal(headers['content-range'], total ? `items 0-0/${total}` : 'items */0');
            }
        });

        it('says where the page stands', async () => {
            const ranges = [];
            let cursor;
            do {
                const { json, headers } = await page('orders', { limit: 4, ...(cursor && { cursor }) }, { prefer });
                ranges.push(headers['content-range']);
                cursor = json.next_cursor;
            } while (cursor);
            assert.deepEqual(ranges, ['items 0-3/7', 'items 4-6/7']);
        });

        it('is no preference of other lists', async () => {
            const { json, headers } = await page('audit', {}, { as: service.as({ scope: 'audit:read' }), prefer });
            assert.deepEqual([json.total, headers['preference-applied']], [undefined, undefined]);
        });
    });

    describe('a customer', () => {
        it('Z01: gets by id what is their own, and 404 for the rest as for what is not there', async () => {
            for (const list of LISTS) {
                const { json: { data } } = await page(list, {});
                for (const row of data) {
                    const answer = await me.get(`/v1/${list}/${row.id}`);
                    if ((row.customer ?? row.code) === 'Shop-1') assert.deepEqual(answer.json, row);
                    else assert.deepEqual(shape(answer), shape(await me.get(`/v1/${list}/01900000-0000-7000-8000-000000000000`)));
                }
            }
        });

        /* All but what differs between any two requests. */
        function shape(answer) {
            isProblem(answer, 404, 'not_found');
            const { date, 'x-request-id': id, ...headers } = answer.headers;
            assert.ok(date && id);
            return { headers, text: answer.text.replaceAll(id, '') };
        }

        it('Z02: finds their own rows by any filter, and counts no others', async () => {
            const prefer = 'count=exact';
            for (const [list, query, total] of [
                ['orders', {}, 2], ['orders', { customer: 'shop-2' }, 0], ['orders', { q: 'flour' }, 1], ['orders', { q: 'shop' }, 2], ['orders', { q: 'tea' }, 0], ['orders', { currency: 'USD' }, 0],
                ['orders', { min_amount: '0' }, 2], ['orders', { max_amount: '100' }, 0], ['orders', { q: 'shop', customer: 'C_3' }, 0], ['customers', {}, 1], ['customers', { q: 'o' }, 1],
                ['customers', { q: 'otieno' }, 0], ['customers', { customer: 'C_3' }, 0], ['messages', {}, 2], ['messages', { q: 'tea' }, 0], ['messages', { q: 'maize' }, 1], ['messages', { state: 'skipped' }, 0],
            ]) {
                const { json } = await page(list, query, { as: me, prefer });
                const what = `${list} ${JSON.stringify(query)}`;
                assert.equal(json.total, total, what);
                assert.equal(json.data.length, total, what);
                for (const row of json.data) assert.equal(row.customer ?? row.code, 'Shop-1', what);
            }
        });

        it('Z02: cannot go on with a cursor of everybody\'s rows, nor of another customer\'s', async () => {
            const you = service.as({ roles: ['customer'], customer_code: 'sHop-2' });
            for (const query of [{}, { q: 'shop' }, { min_amount: '0' }]) {
                for (const other of [service, you]) {
                    const { json: { next_cursor: cursor } } = await page('orders', { ...query, limit: 1 }, { as: other });
                    assert.ok(cursor);
                    isProblem(await me.get('/v1/orders', { query: { ...query, cursor } }), 400, 'bad_cursor');
                }
                const { json: { next_cursor: own } } = await page('orders', { ...query, limit: 1 }, { as: me });
                assert.deepEqual((await page('orders', { ...query, cursor: own }, { as: me })).json.data.map(({ item }) => item), ['Maize FLOUR']);
            }
        });
    });

    describe('a cursor', () => {
        it('Z08: is bound to each filter', async () => {
            const { json: { data: [order] } } = await page('orders', {});
            const values = { customer: 'C_3', from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', currency: 'KES', min_amount: '0.01', max_amount: '999', q: 'o', state: 'skipped', order: order.id };
            for (const list of LISTS) {
                const { json: { next_cursor: plain } } = await page(list, { limit: 1 });
                for (const name of FILTERS[list]) isProblem(await service.get(`/v1/${list}`, { query: { [name]: values[name], cursor: plain } }), 400, 'bad_cursor');
            }
            const { json: { next_cursor: found } } = await page('orders', { q: 'shop', limit: 1 });
            for (const query of [{}, { q: 'sho' }, { q: 'shop-' }, { q: 'shop', currency: 'KES' }]) isProblem(await service.get('/v1/orders', { query: { ...query, cursor: found } }), 400, 'bad_cursor');
            assert.equal((await service.get('/v1/orders', { query: { q: 'SHOP', cursor: found } })).status, 200);
            const { json: { next_cursor: priced } } = await page('orders', { min_amount: '1', max_amount: '300', limit: 1 });
            for (const query of [{ min_amount: '1' }, { max_amount: '300' }, { min_amount: '1.01', max_amount: '300' }, { min_amount: '1', max_amount: '300.01' }, { min_amount: '1', max_amount: '300', currency: 'USD' }]) {
                isProblem(await service.get('/v1/orders', { query: { ...query, cursor: priced } }), 400, 'bad_cursor');
            }
            assert.equal((await service.get('/v1/orders', { query: { min_amount: '1', max_amount: '300', currency: 'KES', cursor: priced } })).status, 200);
        });

        it('Z08: of a search that was changed anywhere is refused', async () => {
            const { json: { next_cursor: cursor } } = await page('orders', { q: 'shop', limit: 1 });
            for (let at = 0; at < cursor.length; at++) {
                const edited = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1);
                isProblem(await service.get('/v1/orders', { query: { q: 'shop', cursor: edited } }), 400, 'bad_cursor');
            }
        });
    });

    describe('parameters', () => {
        const INJECTIONS = ['\'', '\'\'', '";', '\' or 1=1 --', '1; drop table orders', '$1', '$9::int', '\' union select 1 --', '/*', '*/', '\\\'', 'E\'\\x\'', '?1', ':q', '@q', 'time desc', '(select 1)'];

        it('N01: are values, whatever stands in them', async () => {
            for (const list of LISTS) {
                for (const name of [...FILTERS[list], 'limit', 'cursor']) {
                    for (const text of [...INJECTIONS, ...NAUGHTY]) {
                        const answer = await service.get(`/v1/${list}`, { query: { [name]: text }, headers: { prefer: 'count=exact' } });
                        assert.ok([200, 400].includes(answer.status), `${list}?${name}=${text}: ${answer.text}`);
                        if (name === 'q' && INJECTIONS.includes(text)) assert.equal(answer.status, 200);
                    }
                }
            }
            for (const text of INJECTIONS) isProblem(await service.get('/v1/orders', { query: { sort: text } }), 400, 'unknown_parameter');
            assert.equal((await page('orders', {})).json.data.length, ORDERS.length);
            const faults = service.database.server?.log.filter((line) => /syntax error|unterminated|ERROR/.test(line)) ?? service.events('store.fault');
            assert.deepEqual(faults, []);
        });

        it('N02: are UTF-8 without NUL', async () => {
            for (const list of LISTS) {
                for (const name of [...FILTERS[list], 'limit', 'cursor']) {
                    for (const bytes of ['%ff', '%c3', '%c3%28', '%c0%af', '%e2%82', '%ed%a0%80', '%f4%90%80%80', 'a%00b']) {
                        const answer = await service.get(`/v1/${list}?${name}=${bytes}`);
                        assert.equal(answer.status, 400, `${list}?${name}=${bytes}: ${answer.text}`);
                    }
                }
            }
        });

        it('R08: cannot ask for too much', async () => {
            for (const list of LISTS) {
                for (const limit of ['-1', '1000000000', '201', '0']) isProblem(await service.get(`/v1/${list}`, { query: { limit } }), 400, 'bad_parameter');
                isProblem(await service.get(`/v1/${list}`, { query: { offset: '1000000000000' } }), 400, 'unknown_parameter');
            }
        });
    });

    describe('a long list', () => {
        const rows = (first, last, made) => (store.name === 'sqlite'
            ? `with recursive n(i) as (select ${first} union all select i + 1 from n where i < ${last}) insert into customers (id, code, name, sms_opt_out, version, created_at, updated_at)
                select randomblob(16), 'many-' || i, 'One of many', 0, 1, ${made}, ${made} from n`
            : `insert into customers (id, code, name, sms_opt_out, version, created_at, updated_at)
                select gen_random_uuid(), 'many-' || i, 'One of many', false, 1, to_timestamp(${made / 1000}), to_timestamp(${made / 1000}) from generate_series(${first}, ${last}) i`);
        /* Newer than all others. */
        before(() => service.database.change(rows(1, EXAMINED, Date.UTC(2100, 0))));

        it('is searched a stretch at a time: a page may be empty, and go on', async () => {
            const { json, headers } = await page('customers', { q: 'otieno' }, { prefer: 'count=exact' });
            assert.deepEqual([json.data, json.has_more, json.total, headers['content-range']], [[], true, 1, 'items */1']);
            assert.match(headers.link, /rel="next"/);
            const { json: next, headers: after } = await page('customers', { q: 'otieno', cursor: json.next_cursor }, { prefer: 'count=exact' });
            assert.deepEqual([next.data.map(({ code }) => code), next.has_more, after['content-range']], [['C_3'], false, 'items 0-0/1']);
        });

        it('is not counted for a search that had to look at too much', async () => {
            await service.database.change(rows(EXAMINED + 1, COUNTED, Date.UTC(2100, 0)));
            const { json, headers } = await page('customers', { q: 'many' }, { prefer: 'count=exact' });
            assert.deepEqual([json.data.length, json.total, headers['preference-applied'], headers['content-range']], [50, undefined, undefined, undefined]);
            assert.equal((await page('customers', {}, { prefer: 'count=exact' })).json.total, COUNTED + CUSTOMERS.length);
        });
    });
});
