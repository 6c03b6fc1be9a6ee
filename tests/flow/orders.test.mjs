// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Orders: create and get, money and time, the one message of each. Lists are in lists.test.mjs, what happens to messages in
 * messages.test.mjs.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { forEachStore, freshCode, isProblem, postgres, sqlite, startService } from './harness.mjs';
import { NAUGHTY } from './harness/samples.mjs';

const MINUTE = 60_000;

forEachStore((store) => {
    let service;
    before(async () => {
        service = await startService({ store });
        await service.post('/v1/customers', { code: 'C1', name: 'Asha Wanjiru', phone: '0712345678' });
    });

    function send(members) {
        return service.post('/v1/orders', { customer: 'C1', item: 'Maize flour, 2 kg', amount: '250.00', ...members });
    }

    async function create(members) {
        const made = await send(members);
        assert.equal(made.status, 201, made.text);
        return made;
    }

    async function refuse(members, ...pointers) {
        isProblem(await send(members), 422, 'invalid', pointers);
    }

    describe('POST /v1/orders', () => {
        it('answers 201 with the whole order', async () => {
            const { json: customer } = await service.post('/v1/customers', { code: 'Whole', name: 'B' });
            const made = await service.as({ roles: ['clerk'], sub: 'user-clerk' }).post('/v1/orders', {
                customer: 'Whole', item: 'Beans', amount: '1250.5', currency: 'KES', time: '2026-01-31T08:00:00+03:00', external_ref: 'shop 7/№1',
            });
            assert.equal(made.status, 201, made.text);
            const { id, created_at: createdAt, updated_at: updatedAt, message, ...rest } = made.json;
            assert.deepEqual(rest, {
                customer: 'Whole', customer_id: customer.id, item: 'Beans', amount: '1250.50', currency: 'KES',
                time: '2026-01-31T05:00:00.000Z', external_ref: 'shop 7/№1', version: 1, created_by: 'user-clerk',
            });
            assert.equal(made.headers.location, `/v1/orders/${id}`);
            assert.equal(made.headers.etag, '"1"');
            assert.equal(updatedAt, createdAt);
            assert.deepEqual(Object.keys(message), ['id', 'state']);
        });

        it('is in Kenyan shillings and now, where nothing else is said', async () => {
            const before = Date.now();
            const { json } = await create({});
            assert.equal(json.currency, 'KES');
            assert.equal(json.time, json.created_at);
            assert.ok(Date.parse(json.time) >= before && Date.parse(json.time) <= Date.now());
            assert.ok(!('external_ref' in json));
            assert.equal(json.created_by, 'sample-client');
        });

        it('finds the customer by code in any case, and answers the code as it was written first', async () => {
            for (const customer of ['C1', 'c1']) assert.equal((await create({ customer })).json.customer, 'C1');
        });

        it('refuses a customer that is not there, and leaves nothing', async () => {
            const orders = await service.count('orders');
            const refused = await send({ customer: 'nobody' });
            isProblem(refused, 422, 'unknown_customer', ['/customer']);
            assert.equal(await service.count('orders'), orders);
            assert.equal(await service.count('messages'), orders);
        });

        it('takes an external_ref once', async () => {
            const ref = freshCode('ref');
            await create({ external_ref: ref });
            isProblem(await send({ external_ref: ref }), 409, 'external_ref_taken', ['/external_ref']);
            await create({ external_ref: ref.toUpperCase() });
            const answers = await Promise.all(Array.from({ length: 32 }, () => send({ external_ref: 'race' })));
            assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(31).fill(409)]);
            assert.equal((await create({ external_ref: 'é'.repeat(100) })).json.external_ref, 'é'.repeat(100));
        });

        it('keeps every text as it was given', async () => {
            for (const text of NAUGHTY) {
                const made = await create({ item: text });
                assert.equal(made.json.item, text);
                assert.equal((await service.get(made.headers.location)).json.item, text);
            }
        });
    });

    describe('money', () => {
        for (const [amount, currency, kept] of [
            ['0', undefined, '0.00'], ['0.00', 'KES', '0.00'], ['0.01', 'KES', '0.01'], ['5.5', 'KES', '5.50'], ['1250', 'KES', '1250.00'],
            ['9999999999999.99', 'KES', '9999999999999.99'], ['1250', 'JPY', '1250'], ['0', 'JPY', '0'], ['1000', 'UGX', '1000'],
            ['1.234', 'KWD', '1.234'], ['1', 'KWD', '1.000'], ['0.0001', 'CLF', '0.0001'], ['99.99', 'USD', '99.99'],
        ]) {
            it(`"${amount}" ${currency ?? ''} is ${kept}`, async () => {
                const made = await create({ amount, currency });
                assert.equal(made.json.amount, kept);
                assert.equal((await service.get(made.headers.location)).json.amount, kept);
            });
        }

        for (const [amount, currency, kept] of [
            ['0', 'KES', '0.00'], ['12', 'KES', '12.00'], ['12.5', 'KES', '12.50'], ['0.07', 'KES', '0.07'], ['1.1', 'KES', '1.10'],
            ['9999999999999.9', 'KES', '9999999999999.90'], ['12', 'JPY', '12'], ['1.234', 'KWD', '1.234'], ['4.35', 'USD', '4.35'],
        ]) {
            it(`the number ${amount} in ${currency} is ${kept}`, async () => {
                const body = `{"customer":"C1","item":"a","amount":${amount},"currency":"${currency}"}`;
                const made = await service.request('POST', '/v1/orders', { body });
                assert.equal(made.status, 201, made.text);
                assert.equal(made.json.amount, kept);
            });
        }

        for (const [amount, currency] of [
            ['-1'], ['+1'], ['-0'], ['1.005'], ['1.000'], ['1e2'], ['0x10'], ['1,250'], ['.5'], ['5.'], [' 1'], ['1 '], ['007'], ['NaN'], ['Infinity'],
            ['１２'], ['10000000000000'], ['99999999999999999999999999'], ['1.5', 'JPY'], ['1.0', 'JPY'], ['1.2345', 'KWD'], [''],
        ]) {
            it(`"${amount}" ${currency ?? ''} is refused`, () => refuse({ amount, currency }, '/amount'));
        }

        for (const amount of ['-1', '-0.01', '1.005', '1e2', '1E2', '1.5e1', '10000000000000']) {
            it(`the number ${amount} is refused`, async () => {
                const answer = await service.request('POST', '/v1/orders', { body: `{"customer":"C1","item":"a","amount":${amount}}` });
                isProblem(answer, 422, 'invalid', ['/amount']);
            });
        }

        for (const amount of ['0.30000000000000004', '12345678901234567890', '1e400', '1e-400']) {
            it(`the number ${amount}, which no JSON reader here keeps, is refused, not rounded`, async () => {
                const answer = await service.request('POST', '/v1/orders', { body: `{"customer":"C1","item":"a","amount":${amount}}` });
                isProblem(answer, 400, 'malformed');
                assert.match(answer.json.detail, /number/);
            });
        }

        for (const currency of ['kes', 'XXX', 'XAU', 'KE', 'KESS', '', 'K S', 'ＫＥＳ', '404']) {
            it(`the currency "${currency}" is refused`, () => refuse({ currency }, '/currency'));
        }
    });

    describe('time', () => {
        for (const [written, kept] of [
            ['2026-01-31T08:00:00Z', '2026-01-31T08:00:00.000Z'], ['2026-01-31T08:00:00.5Z', '2026-01-31T08:00:00.500Z'],
            ['2026-01-31T08:00:00+03:00', '2026-01-31T05:00:00.000Z'], ['2026-01-31T00:30:00+05:45', '2026-01-30T18:45:00.000Z'],
            ['2026-01-31T20:00:00-08:00', '2026-02-01T04:00:00.000Z'], ['2024-02-29T23:59:59.999999Z', '2024-02-29T23:59:59.999Z'],
            ['2026-01-31t08:00:00z', '2026-01-31T08:00:00.000Z'], ['1999-12-31T23:59:60Z', '1999-12-31T23:59:59.999Z'],
        ]) {
            it(`${written} is ${kept}`, async () => {
                const made = await create({ time: written });
                assert.equal(made.json.time, kept);
                assert.equal((await service.get(made.headers.location)).json.time, kept);
            });
        }

        for (const time of [
            '', 'now', '2026-01-31', '2026-01-31T08:00:00', '2026-01-31T08:00Z', '2026-02-30T08:00:00Z', '2023-02-29T08:00:00Z', '2026-13-01T08:00:00Z',
            '2026-01-31T24:00:00Z', '2026-01-31T08:60:00Z', '2026-01-31T08:00:00+0300', '2026-01-31T08:00:00+24:00', '2026-01-31T08:00:00.Z',
            ' 2026-01-31T08:00:00Z', '2026-01-31T08:00:00Z ', '1769846400', '26-01-31T08:00:00Z', '20260131T080000Z', '2026-W05-6T08:00:00Z',
        ]) {
            it(`"${time}" is refused`, () => refuse({ time }, '/time'));
        }

        it('may be 5 minutes ahead, for clocks that are, and no more', async () => {
            const ahead = (ms) => new Date(Date.now() + ms).toISOString();
            await create({ time: ahead(5 * MINUTE - 2000) });
            await refuse({ time: ahead(5 * MINUTE + 10_000) }, '/time');
            await refuse({ time: '9999-12-31T23:59:59Z' }, '/time');
        });
    });

    describe('the message', () => {
        async function messageOf(order) {
            const { json } = await service.get(`/v1/messages/${order.message.id}`);
            return json;
        }

        it('is exactly one for each order, and shown beside it', async () => {
            const { json: order } = await create({});
            const message = await messageOf(order);
            assert.equal(message.order_id, order.id);
            assert.equal(message.customer, 'C1');
            assert.equal(message.to, '+254712345678');
            assert.match(message.body, /Maize flour, 2 kg.*KES 250\.00/);
            const { json: { data } } = await service.get('/v1/messages', { query: { order: order.id } });
            assert.deepEqual(data.map(({ id }) => id), [order.message.id]);
            assert.equal(await service.count('messages'), await service.count('orders'));
        });

        it('shows the state it is in now', async () => {
            const { json: order, headers: { location } } = await create({});
            assert.equal(order.message.state, 'queued');
            await service.logged(({ event, message }) => event === 'sms.settled' && message === order.message.id);
            const got = await service.get(location);
            assert.deepEqual(got.json.message, { id: order.message.id, state: 'accepted' });
        });

        it('is skipped for a customer without a phone, and suppressed for one who wants none', async () => {
            for (const [members, state] of [[{}, 'skipped'], [{ phone: '0712345678', sms_opt_out: true }, 'suppressed']]) {
                const code = freshCode();
                await service.post('/v1/customers', { code, name: 'Quiet', ...members });
                const { json: order } = await create({ customer: code });
                assert.equal(order.message.state, state);
                const message = await messageOf(order);
                assert.equal(message.state, state);
                assert.ok(message.failure);
                assert.equal(message.attempts, 0);
            }
        });
    });

    describe('GET /v1/orders/{id}', () => {
        it('answers what POST answered', async () => {
            await service.post('/v1/customers', { code: 'Silent', name: 'No Phone' });
            const made = await create({ customer: 'Silent', external_ref: 'same' });
            const got = await service.get(made.headers.location);
            assert.equal(got.text, made.text);
            assert.equal(got.headers.etag, made.headers.etag);
        });

        it('answers 304 where the client has this version', async () => {
            const { headers: { location, etag } } = await create({});
            assert.equal((await service.get(location, { headers: { 'if-none-match': etag } })).status, 304);
            assert.equal((await service.get(location, { headers: { 'if-none-match': '"0"' } })).status, 200);
        });

        it('answers 404 for what is not there', async () => {
            isProblem(await service.get('/v1/orders/01890000-0000-7000-8000-000000000000'), 404, 'not_found');
            isProblem(await service.get('/v1/orders/1'), 404, 'not_found');
        });
    });
});

/* The same conversation with each store; what is made up by the service is replaced by its order of appearance. */
describe('both stores', () => {
    const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;
    const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
    const CURSOR = /[A-Za-z0-9_-]{64}/g;

    /* Times that were asked for stay as they are. */
    function relative(time) {
        const hours = Math.round((Date.parse(time) - Date.now()) / 3_600_000);
        return hours < 0 ? time : `in ${hours} h`;
    }

    async function converse(store) {
        /* One worker: identifiers of one moment then sort in the order of the requests. */
        const service = await startService({ store, settings: { AGIZO_WORKERS: '1' } });
        const names = new Map();
        const said = [];
        const name = (text, kind) => {
            if (!names.has(text)) names.set(text, `${kind}${names.size}`);
            return names.get(text);
        };
        const plain = (text) => text.replace(CURSOR, (cursor) => name(cursor, 'cursor')).replace(ID, (id) => name(id, 'id'))
            .replace(TIME, (time) => relative(time)).replace(/(Ref|Kumb\.) [0-9A-F]{8}/g, '$1').replace(/\d+ \w{3} \d{4} \d\d:\d\d EAT/g, 'date');
        const say = async (method, target, options) => {
            const answer = await service.request(method, target, options);
            const { date, ...headers } = answer.headers;
            assert.ok(date);
            said.push(plain(`${method} ${target} ${answer.status} ${JSON.stringify(headers)}\n${answer.text}`));
            return answer;
        };
        const quiet = { code: 'Quiet', name: 'Zoë "Z" <z>' };
        const order = { customer: 'quiet', item: 'Maize\t& beans \u0001 漢字', amount: '12.50', time: '2026-01-31T08:00:00+03:00' };
        await say('GET', '/v1/customers');
        const { headers: { location } } = await say('POST', '/v1/customers', { json: quiet });
        await say('POST', '/v1/customers', { json: { ...quiet, code: 'qUIET' } });
        await say('POST', '/v1/customers', { json: { code: 'C2', name: 'N', phone: '0712345678', language: 'sw', sms_opt_out: true }, key: 'k1' });
        await say('POST', '/v1/customers', { json: { code: 'C2', name: 'N', phone: '0712345678', language: 'sw', sms_opt_out: true }, key: 'k1' });
        await say('POST', '/v1/customers', { json: { code: 'C3', name: 'N' }, key: 'k1' });
        await say('GET', location);
        await say('GET', location, { headers: { 'if-none-match': '"1"' } });
        for (let i = 0; i < 5; i++) await say('POST', '/v1/orders', { json: { ...order, external_ref: `r${i}` }, key: `o${i}` });
        await say('POST', '/v1/orders', { json: { ...order, external_ref: 'r1' }, key: 'o1' });
        await say('POST', '/v1/orders', { json: { ...order, external_ref: 'r1' } });
        await say('POST', '/v1/orders', { json: { ...order, customer: 'nobody' } });
        await say('POST', '/v1/orders', { json: { ...order, customer: 'C2', amount: 7, currency: 'JPY', time: undefined } });
        await say('POST', '/v1/orders', { json: { customer: 7, item: '', amount: [], currency: 'X', time: 0, external_ref: {} } });
        for (const list of ['customers', 'orders', 'messages']) {
            const query = { limit: 2 };
            while (query.cursor !== null) {
                const { json } = await say('GET', `/v1/${list}?${new URLSearchParams(query)}`);
                query.cursor = json.next_cursor ?? null;
            }
            await say('GET', `/v1/${list}?customer=QUIET&from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z`);
            await say('GET', `/v1/${list}?customer=nobody`);
            await say('GET', `/v1/${list}?cursor=x`);
        }
        await say('GET', '/v1/messages?state=skipped');
        await service.stop();
        return said;
    }

    it('answer alike, byte for byte', async () => {
        const [one, other] = await Promise.all([converse(sqlite), converse(postgres)]);
        assert.deepEqual(other, one);
    });
});
