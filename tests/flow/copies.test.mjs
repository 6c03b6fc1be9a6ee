// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Two copies of the service on one PostgreSQL: they share nothing but the database, and nobody can tell which one answered.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';
import { keep, postgres, startPostgres, startService, until } from './harness.mjs';

const ORDER = { customer: 'C1', item: 'Maize', amount: '250.00' };
const CLIENTS = 16;
const LEASES_WITHIN_MS = 60_000; /* timeout of a call and the lease's margin, 32 s, and what it takes to notice */

describe('two copies on one database', () => {
    let copies, gateway;

    before(async () => {
        gateway = keep(await startGateway());
        const server = await startPostgres({ durable: true });
        const database = await postgres.createDatabase(server);
        /* At the same moment on an empty database: one of them migrates. */
        copies = await Promise.all([1, 2].map(() => startService({ store: postgres, database, gateway, settings: { AGIZO_SMS_TIMEOUT: '2' } })));
        const made = await copies[0].post('/v1/customers', { code: 'C1', name: 'Asha', phone: '0712345678' });
        assert.equal(made.status, 201, made.text);
    });

    function post(copy, key, members) {
        return copies[copy].post('/v1/orders', { ...ORDER, ...members }, { key });
    }

    /* Until it is answered: whoever dies in between leaves it open, and the key makes asking again safe. */
    async function postUntilAnswered(copy, key, members) {
        let answer;
        await until(`an answer for ${key}`, async () => {
            answer = await post(copy, key, members).catch(() => undefined);
            copy = 1 - copy;
            return answer && answer.status < 500;
        });
        return answer;
    }

    async function count(what) {
        return Number((await copies[0].query(`select count(*) from ${what}`))[0][0]);
    }

    function acceptedPerOrder(references) {
        const accepted = gateway.accepted();
        return references.map((reference) => accepted.filter(({ text }) => text.includes(reference)).length);
    }

    it('know one cursor, one customer, one order', async () => {
        const made = await post(0, 'seen');
        const seen = await copies[1].get(made.headers.location);
        assert.equal(seen.json.id, made.json.id);
        await post(1, 'seen-2');
        const page = await copies[0].get('/v1/orders', { query: { limit: 1 } });
        const next = await copies[1].get('/v1/orders', { query: { limit: 1, cursor: page.json.next_cursor } });
        assert.equal(next.status, 200, next.text);
        assert.equal(next.json.data[0].id, made.json.id);
    });

    it('make one order of a key that comes to both at once, 100 times', async () => {
        const before = await count('orders');
        const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => post(i % 2, 'both')));
        assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
        assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
        assert.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1);
        assert.equal(await count('orders'), before + 1);
        assert.equal(await count('messages'), before + 1);
    });

    it('make one order of each of many keys that come to both', async () => {
        const before = await count('orders');
        const keys = Array.from({ length: 200 }, (_, i) => `pair-${i}`);
        const pairs = await Promise.all(keys.map((key) => Promise.all([post(0, key), post(1, key)])));
        for (const [one, other] of pairs) {
            assert.equal(one.status, 201, one.text);
            assert.equal(other.text, one.text);
        }
        assert.equal(await count('orders'), before + keys.length);
    });

    it('refuse a reference and a code that the other one took at the same time', async () => {
        const orders = await Promise.all(Array.from({ length: 20 }, (_, i) => post(i % 2, undefined, { external_ref: 'R-1' })));
        assert.equal(orders.filter(({ status }) => status === 201).length, 1);
        assert.equal(orders.filter(({ status }) => status === 409 || status === 422).length, 19);
        const customers = await Promise.all(Array.from({ length: 20 }, (_, i) => copies[i % 2].post('/v1/customers', { code: i < 10 ? 'c9' : 'C9', name: 'Baraka' })));
        assert.equal(customers.filter(({ status }) => status === 201).length, 1);
    });

    it('lose and double nothing when one is killed under load, again and again', { timeout: 180_000 }, async () => {
        gateway.control({ settings: { latencyMs: 20 } });
        const made = [];
        let loading = true, drawn = 0;
        const clients = Array.from({ length: CLIENTS }, async (_, client) => {
            while (loading) {
                const key = `load-${drawn++}`;
                const answer = await postUntilAnswered(client % 2, key);
                assert.equal(answer.status, 201, answer.text);
                made.push({ key, id: answer.json.id, text: answer.text });
            }
        });
        for (let kill = 0; kill < 6; kill++) {
            const target = made.length + 20 + Math.floor(Math.random() * 100);
            await until('some load', () => made.length >= target);
            const victim = copies[Math.random() < 0.5 ? 0 : 1];
            await victim.kill();
            await victim.start();
        }
        loading = false;
        await Promise.all(clients);
        await Promise.all(copies.map((copy) => copy.ready()));
        assert.equal(new Set(made.map(({ id }) => id)).size, made.length);
        for (const { key, text } of made) assert.equal((await post(1, key)).text, text);
        assert.equal(await count('orders o left join messages m on m.order_id = o.id where m.id is null'), 0);
        assert.equal(await count('idempotency_keys k left join orders o on o.id = k.resource_id where o.id is null'), 0);
        await until('nothing is on its way', async () => await count("messages where state in ('queued', 'sending')") === 0, { within: LEASES_WITHIN_MS });
        const rows = await copies[0].query('select order_id, state from messages');
        const sent = acceptedPerOrder(rows.map(([order]) => order.replaceAll('-', '').slice(-8).toUpperCase()));
        rows.forEach(([order, state], i) => {
            assert.ok(sent[i] <= 1, `order ${order} has ${sent[i]} messages`);
            if (state === 'accepted') assert.equal(sent[i], 1, `order ${order} is said to have one`);
            else assert.equal(state, 'unknown', `order ${order}`);
        });
    });
});
