// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The audit log: what stands in it, what does not, who may read it, its list; and refusals of administration.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { forEachStore, freshCode, isProblem, startService, until } from './harness.mjs';

const MEMBERS = ['id', 'at', 'action', 'record', 'issuer', 'subject', 'client_id', 'address', 'request_id'];
const A_MINUTE = 60;

forEachStore((store) => {
    let service;
    const clerk = () => service.as({ roles: ['clerk'], sub: 'clerk-1', client_id: 'console' });
    const manager = () => service.as({ roles: ['manager'], sub: 'manager-1', client_id: 'console' });

    before(async () => { service = await startService({ store }); });

    async function page(query) {
        const answer = await manager().get('/v1/audit', { query });
        assert.equal(answer.status, 200, answer.text);
        return answer;
    }

    async function entries(query) {
        return (await page({ limit: 200, ...query })).json.data;
    }

    async function everyEntry(query) {
        const found = [];
        let cursor;
        do {
            const { json } = await page({ ...query, ...(cursor && { cursor }) });
            found.push(...json.data);
            cursor = json.next_cursor;
        } while (cursor);
        return found;
    }

    function addCustomer(client = service, headers = {}) {
        return client.post('/v1/customers', { code: freshCode(), name: 'Asha', phone: '0712345678' }, { headers });
    }

    async function addOrder(client = service, key = undefined) {
        const { json: { code } } = await addCustomer();
        return client.post('/v1/orders', { customer: code, item: 'Maize', amount: '1' }, { key });
    }

    describe('an entry', () => {
        it('says who made a row, when, from where, by which request', async () => {
            for (const [action, made] of [['customer.created', await addCustomer(clerk())], ['order.created', await addOrder(clerk())]]) {
                assert.equal(made.status, 201, made.text);
                const [entry, ...more] = await entries({ record: made.json.id });
                assert.deepEqual(more, []);
                assert.deepEqual(Object.keys(entry), MEMBERS);
                assert.match(entry.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
                assert.deepEqual(entry, {
                    id: entry.id, at: made.json.created_at, action, record: made.json.id, issuer: service.provider.issuer, subject: 'clerk-1',
                    client_id: 'console', address: '127.0.0.1', request_id: made.headers['x-request-id'],
                });
            }
        });

        it('names a program as its own subject', async () => {
            const made = await addOrder(service.as({ sub: 'shop-1', scope: 'orders:write' }));
            const [entry] = await entries({ record: made.json.id });
            assert.deepEqual([entry.subject, entry.client_id], ['shop-1', 'shop-1']);
        });

        it('has the address of the connection, whatever the client says', async () => {
            const made = await addCustomer(service, { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.1', 'x-real-ip': '192.0.2.1' });
            assert.equal((await entries({ record: made.json.id }))[0].address, '127.0.0.1');
        });

        it('is written for each of many that come together', async () => {
            const { json: { code } } = await addCustomer();
            const made = await Promise.all(Array.from({ length: 60 }, (_, i) => service.as({ sub: `shop-${i % 7}`, scope: 'orders:write' })
                .post('/v1/orders', { customer: code, item: `Item ${i}`, amount: '1' })));
            for (const [i, { json, headers }] of made.entries()) {
                const found = await entries({ record: json.id });
                assert.deepEqual(found.map((entry) => [entry.subject, entry.request_id]), [[`shop-${i % 7}`, headers['x-request-id']]]);
            }
        });
    });

    describe('no entry', () => {
        const refusedBy = [
            ['a bad value', 422, () => clerk().post('/v1/customers', { code: 'no blanks', name: 'Asha' })],
            ['a taken code', 409, async () => {
                const { json: { code } } = await addCustomer();
                return clerk().post('/v1/customers', { code: code.toLowerCase(), name: 'Asha' });
            }],
            ['an unknown customer', 422, () => clerk().post('/v1/orders', { customer: 'nobody', item: 'Maize', amount: '1' })],
            ['a missing permission', 403, () => addCustomer(service.as({ roles: ['viewer'], sub: 'viewer-1' }))],
            ['a missing token', 401, () => addCustomer(service.withToken(null))],
        ];
        for (const [why, status, send] of refusedBy) {
            it(`for a create refused by ${why}`, async () => {
                const answer = await send();
                assert.equal(answer.status, status, answer.text);
                const request = answer.headers['x-request-id'];
                assert.deepEqual((await entries()).filter((entry) => entry.request_id === request), []);
            });
        }

        it('for a request that was sent again', async () => {
            const key = freshCode('key');
            const order = { customer: (await addCustomer()).json.code, item: 'Maize', amount: '1' };
            const first = await clerk().post('/v1/orders', order, { key });
            const again = await clerk().post('/v1/orders', order, { key });
            assert.equal(again.headers['idempotency-replayed'], 'true');
            const found = await entries({ record: first.json.id });
            assert.deepEqual(found.map((entry) => entry.request_id), [first.headers['x-request-id']]);
        });

        it('for reading', async () => {
            const before = (await everyEntry({ limit: 200 })).length;
            for (const list of ['customers', 'orders', 'messages', 'audit']) await manager().get(`/v1/${list}`);
            assert.equal((await everyEntry({ limit: 200 })).length, before);
        });
    });

    describe('the list', () => {
        let all;

        before(async () => {
            for (let i = 0; i < 12; i++) await addCustomer(service.as({ sub: `list-${i % 3}`, scope: 'customers:write' }));
            all = await everyEntry({ limit: 200 });
        });

        const ids = (rows) => rows.map(({ id }) => id);

        it('is newest first', () => {
            assert.deepEqual(ids(all), ids(all).sort().reverse());
        });

        for (const limit of [1, 5, 50]) {
            it(`shows every entry once in pages of ${limit}`, async () => {
                assert.deepEqual(await everyEntry({ limit }), all);
            });
        }

        it('is found by subject, exactly as it is written', async () => {
            assert.deepEqual(await everyEntry({ subject: 'list-1', limit: 3 }), all.filter(({ subject }) => subject === 'list-1'));
            assert.equal((await entries({ subject: 'list-1' })).length, 4);
            assert.deepEqual(await entries({ subject: 'List-1' }), []);
        });

        it('is found by record, an id in any case', async () => {
            const entry = all.find(({ subject }) => subject === 'list-2');
            assert.deepEqual(await entries({ record: entry.record }), [entry]);
            assert.deepEqual(await entries({ record: entry.record.toUpperCase() }), [entry]);
            assert.deepEqual(await entries({ record: entry.record, subject: 'list-2' }), [entry]);
            assert.deepEqual(await entries({ record: entry.record, subject: 'list-1' }), []);
        });

        it('is found by time, from the first up to the second', async () => {
            const { at } = all[5];
            const next = new Date(Date.parse(at) + 1).toISOString();
            assert.deepEqual(await everyEntry({ from: at, limit: 4 }), all.filter((entry) => entry.at >= at));
            assert.deepEqual(await everyEntry({ to: at, limit: 4 }), all.filter((entry) => entry.at < at));
            assert.deepEqual(await entries({ from: at, to: next, subject: all[5].subject }), all.filter((entry) => entry.at === at && entry.subject === all[5].subject));
            assert.deepEqual(await entries({ to: '2020-01-01T00:00:00Z' }), []);
            assert.deepEqual(await entries({ from: '2999-01-01T00:00:00Z' }), []);
        });

        it('links its pages, each cursor bound to the filters', async () => {
            const { headers, json } = await page({ limit: 2, subject: 'list-0' });
            const [, target] = /^<([^>]*)>; rel="next"$/.exec(headers.link);
            assert.deepEqual((await manager().get(target)).json.data, all.filter(({ subject }) => subject === 'list-0').slice(2, 4));
            for (const query of [{}, { subject: 'list-1' }, { subject: 'list-0', record: 'x' }]) {
                isProblem(await manager().get('/v1/audit', { query: { ...query, cursor: json.next_cursor } }), 400, 'bad_cursor');
            }
            isProblem(await manager().get('/v1/orders', { query: { cursor: json.next_cursor } }), 400, 'bad_cursor');
        });

        it('refuses parameters that it does not have, and values that are none', async () => {
            for (const name of ['customer', 'state', 'order', 'action']) {
                isProblem(await manager().get('/v1/audit', { query: { [name]: 'x' } }), 400, 'unknown_parameter');
            }
            for (const query of [{ subject: '' }, { record: '' }, { limit: 201 }, { from: 'yesterday' }]) {
                isProblem(await manager().get('/v1/audit', { query }), 400, 'bad_parameter');
            }
            isProblem(await manager().get('/v1/orders', { query: { subject: 'x' } }), 400, 'unknown_parameter');
        });
    });

    describe('a refusal', () => {
        const subjectOf = (name) => `${name}-refused`;

        it('of whoever may not read it is in it; only audit:read may', async () => {
            for (const claims of [{ roles: ['viewer'] }, { roles: ['clerk'] }, { roles: ['customer'], customer_code: 'C1' }, { scope: 'orders:read customers:read' }]) {
                const sub = subjectOf(claims.roles?.[0] ?? 'program');
                const answer = await service.as({ ...claims, sub }).get('/v1/audit?subject=x', { headers: { 'user-agent': 'curious' } });
                isProblem(answer, 403, 'insufficient_scope');
                const [entry] = await until('the refusal is written', async () => (found => found.length && found)(await entries({ subject: sub })));
                assert.deepEqual(
                    [entry.action, entry.record, entry.address, entry.request_id],
                    ['refused', 'GET /v1/audit', '127.0.0.1', answer.headers['x-request-id']],
                );
            }
            assert.equal((await service.as({ scope: 'audit:read' }).get('/v1/audit')).status, 200);
        });

        it('of ending sessions is in it, with what was asked for', async () => {
            const sub = subjectOf('ender');
            isProblem(await service.as({ roles: ['clerk'], sub }).request('DELETE', '/v1/sessions?subject=x'), 403);
            const [entry] = await until('the refusal is written', async () => (found => found.length && found)(await entries({ subject: sub })));
            assert.deepEqual([entry.action, entry.record], ['refused', 'DELETE /v1/sessions']);
        });

        it('of anything else is not', async () => {
            const sub = subjectOf('idler');
            isProblem(await service.as({ roles: ['viewer'], sub }).post('/v1/orders', {}), 403);
            isProblem(await service.as({ roles: ['viewer'], sub }).get('/v1/audit'), 403);
            const found = await until('the refusal is written', async () => (rows => rows.length && rows)(await entries({ subject: sub })));
            assert.deepEqual(found.map(({ record }) => record), ['GET /v1/audit']);
        });

        it('is written before the service ends', async () => {
            const own = await startService({ store });
            isProblem(await own.as({ roles: ['clerk'] }).get('/v1/audit'), 403);
            await own.stop();
            assert.equal(await own.count('audit_log'), 1);
        });

        it('is not written without end', async () => {
            const own = await startService({ store });
            const curious = own.as({ roles: ['clerk'] });
            for (let i = 0; i < 30; i++) {
                const answers = await Promise.all(Array.from({ length: 10 }, () => curious.get('/v1/audit')));
                for (const answer of answers) isProblem(answer, 403);
            }
            await own.stop();
            const written = await own.count('audit_log');
            /* A minute may have ended meanwhile. */
            assert.ok(written >= A_MINUTE / 2 && written <= 2 * A_MINUTE, `${written} entries`);
        });
    });
});
