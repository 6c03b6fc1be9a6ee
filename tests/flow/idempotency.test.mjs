// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Idempotency-Key: a retried request does its work once and gets the first answer.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { forEachStore, freshCode, isProblem, startService } from './harness.mjs';

const ORDER = { customer: 'C1', item: 'Maize', amount: '250.00' };

forEachStore((store) => {
    let service;
    before(async () => {
        service = await startService({ store });
        await service.post('/v1/customers', { code: 'C1', name: 'Asha', phone: '0712345678' });
    });

    function order(key, members, client = service) {
        return client.post('/v1/orders', { ...ORDER, ...members }, { key });
    }

    async function counts() {
        return Promise.all(['customers', 'orders', 'messages'].map((table) => service.count(table)));
    }

    function isReplay(answer, first) {
        assert.equal(answer.status, 201, answer.text);
        assert.equal(answer.headers['idempotency-replayed'], 'true');
        assert.equal(answer.text, first.text);
        for (const name of ['location', 'etag', 'content-type']) assert.equal(answer.headers[name], first.headers[name], name);
    }

    describe('a key', () => {
        it('makes the second request get the answer of the first', async () => {
            const key = freshCode('k');
            const first = await order(key);
            assert.equal(first.status, 201);
            assert.equal(first.headers['idempotency-replayed'], undefined);
            const before = await counts();
            isReplay(await order(key), first);
            isReplay(await order(`"${key}"`), first);
            assert.deepEqual(await counts(), before);
        });

        it('works for customers alike', async () => {
            const customer = { code: freshCode(), name: 'Baraka' };
            const key = freshCode('k');
            const first = await service.post('/v1/customers', customer, { key });
            isReplay(await service.post('/v1/customers', customer, { key }), first);
        });

        it('makes 100 at once one order and one message', async () => {
            const before = await counts();
            const answers = await Promise.all(Array.from({ length: 100 }, () => order('hundred')));
            assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
            assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
            assert.equal(new Set(answers.map(({ headers }) => headers.location)).size, 1);
            assert.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true').length, 99);
            const [customers, orders, messages] = before;
            assert.deepEqual(await counts(), [customers, orders + 1, messages + 1]);
        });

        it('shows the first answer, even when the row has moved on', async () => {
            const key = freshCode('k');
            const first = await order(key);
            await service.logged(({ event, message }) => event === 'sms.settled' && message === first.json.message.id);
            isReplay(await order(key), first);
            assert.equal((await service.get(first.headers.location)).json.message.state, 'accepted');
        });

        it('is kept over a restart', async () => {
            const first = await order('restart');
            await service.restart();
            isReplay(await order('restart'), first);
        });
    });

    describe('another request under the same key', () => {
        it('is refused when its body differs, even in a blank', async () => {
            const key = freshCode('k');
            await order(key);
            const before = await counts();
            isProblem(await order(key, { amount: '250.01' }), 422, 'idempotency_key_reused');
            const body = `${JSON.stringify(ORDER)} `;
            isProblem(await service.request('POST', '/v1/orders', { body, key }), 422, 'idempotency_key_reused');
            assert.deepEqual(await counts(), before);
        });

        it('is another one on another route', async () => {
            const key = freshCode('k');
            await order(key);
            const made = await service.post('/v1/customers', { code: freshCode(), name: 'B' }, { key });
            assert.equal(made.status, 201);
            assert.equal(made.headers['idempotency-replayed'], undefined);
        });

        it('is another one of another subject', async () => {
            const key = freshCode('k');
            const [one, other] = ['user-1', 'user-2'].map((sub) => service.as({ roles: ['clerk'], sub }));
            const first = await order(key, {}, one);
            const second = await order(key, { amount: '7' }, other);
            assert.deepEqual([first.status, second.status], [201, 201]);
            assert.notEqual(first.json.id, second.json.id);
            isReplay(await order(key, {}, one), first);
            isReplay(await order(key, { amount: '7' }, other), second);
        });

        it('among 50 different ones at once: one is done, the others are refused', async () => {
            const before = await counts();
            const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => order('fifty', { amount: String(i) })));
            assert.equal(answers.filter(({ status }) => status === 201).length, 1);
            for (const answer of answers.filter(({ status }) => status !== 201)) isProblem(answer, 422, 'idempotency_key_reused');
            assert.equal((await counts())[1], before[1] + 1);
        });
    });

    describe('a request that was refused', () => {
        it('may be put right under its key', async () => {
            for (const [members, status] of [[{ amount: '-1' }, 422], [{ customer: 'nobody' }, 422], [{ extra: 1 }, 400]]) {
                const key = freshCode('k');
                assert.equal((await order(key, members)).status, status);
                const made = await order(key);
                assert.equal(made.status, 201, made.text);
                isReplay(await order(key), made);
            }
        });

        it('for a taken ref or code may be put right too', async () => {
            const ref = freshCode('r');
            await order(undefined, { external_ref: ref });
            isProblem(await order('taken', { external_ref: ref }), 409, 'external_ref_taken');
            assert.equal((await order('taken', { external_ref: `${ref}b` })).status, 201);
            isProblem(await service.post('/v1/customers', { code: 'C1', name: 'A' }, { key: 'code' }), 409, 'code_taken');
            assert.equal((await service.post('/v1/customers', { code: freshCode(), name: 'A' }, { key: 'code' })).status, 201);
        });

        it('is refused anew, not replayed', async () => {
            isProblem(await order('later', { customer: 'Later' }), 422, 'unknown_customer', ['/customer']);
            await service.post('/v1/customers', { code: 'Later', name: 'L' });
            assert.equal((await order('later', { customer: 'Later' })).status, 201);
        });
    });

    describe('the header', () => {
        for (const key of ['a', 'A_.:-9', 'x'.repeat(255), '"quoted"', '01890000-0000-7000-8000-000000000000']) {
            it(`may be ${key.slice(0, 40)}`, async () => {
                assert.equal((await order(key)).status, 201);
            });
        }
        for (const key of ['', '""', '"', '"a', 'a"', 'x'.repeat(256), 'a b', 'a,b', 'a/b', 'a;b', 'é', 'a\tb', '"a" "b"', '""a""']) {
            it(`may not be ${JSON.stringify(key.slice(0, 40))}`, async () => {
                const before = await counts();
                isProblem(await order(Buffer.from(key).toString('latin1')), 400, 'bad_idempotency_key');
                assert.deepEqual(await counts(), before);
            });
        }
        it('may stand once', async () => {
            const twice = await service.post('/v1/orders', ORDER, { headers: { 'idempotency-key': ['a1', 'a1'] } });
            isProblem(twice, 400, 'bad_idempotency_key');
        });
        it('means nothing on a GET', async () => {
            assert.equal((await service.get('/v1/orders', { key: 'any key' })).status, 200);
        });
    });

    it('without a key two requests are two orders', async () => {
        const [one, other] = [await order(), await order()];
        assert.notEqual(one.json.id, other.json.id);
    });
});
