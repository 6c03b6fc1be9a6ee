// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Customers: create and get. Lists are in lists.test.mjs, who may do what in permissions.test.mjs, malformed bodies in input.test.mjs.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { forEachStore, freshCode, isProblem, startService } from './harness.mjs';
import { NAUGHTY } from './harness/samples.mjs';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

forEachStore((store) => {
    let service;
    before(async () => { service = await startService({ store }); });

    async function create(members) {
        const made = await service.post('/v1/customers', { code: freshCode(), name: 'Asha Wanjiru', ...members });
        assert.equal(made.status, 201, made.text);
        return made;
    }

    describe('POST /v1/customers', () => {
        it('answers 201 with the whole customer', async () => {
            const before = Date.now();
            const made = await service.post('/v1/customers', { code: 'First', name: 'Asha Wanjiru', phone: '+254712345678', language: 'sw', sms_opt_out: true });
            assert.equal(made.status, 201, made.text);
            const { id, created_at: createdAt, updated_at: updatedAt, ...rest } = made.json;
            assert.match(id, ID);
            assert.match(createdAt, TIME);
            assert.equal(updatedAt, createdAt);
            assert.ok(Date.parse(createdAt) >= before && Date.parse(createdAt) <= Date.now());
            assert.deepEqual(rest, { code: 'First', name: 'Asha Wanjiru', phone: '+254712345678', language: 'sw', sms_opt_out: true, version: 1 });
        });

        it('says where the customer is, in which version, and that nobody may keep the answer', async () => {
            const { headers, json } = await create({});
            assert.equal(headers.location, `/v1/customers/${json.id}`);
            assert.equal(headers.etag, '"1"');
            assert.equal(headers['content-type'], 'application/json');
            assert.equal(headers['cache-control'], 'no-store');
            assert.match(headers['x-request-id'], ID);
        });

        it('leaves out what was not given; null is not given', async () => {
            for (const members of [{}, { phone: null, language: null, sms_opt_out: null }]) {
                const { json } = await create(members);
                assert.deepEqual(Object.keys(json), ['id', 'code', 'name', 'sms_opt_out', 'version', 'created_at', 'updated_at']);
                assert.equal(json.sms_opt_out, false);
            }
        });

        for (const [written, kept] of [
            ['0712345678', '+254712345678'], ['+254 712 345 678', '+254712345678'], ['254712345678', '+254712345678'],
            ['712345678', '+254712345678'], ['0110 345 678', '+254110345678'], ['(0712) 345-678', '+254712345678'],
            ['00254712345678', '+254712345678'], ['000254712345678', '+254712345678'], ['0712.345.678', '+254712345678'],
            ['+256 701 234567', '+256701234567'], ['+255 754 123 456', '+255754123456'],
        ]) {
            it(`takes the phone "${written}" as ${kept}`, async () => {
                const { json, headers } = await create({ phone: written });
                assert.equal(json.phone, kept);
                assert.equal((await service.get(headers.location)).json.phone, kept);
            });
        }

        for (const written of [
            '', ' ', '+', '07123', '07123456789', '0712345678x12', '0712 345 678;ext=1', '+1 212 555 0100', '0201234567', '020 123 4567',
            '+254 20 123 4567', '++254712345678', '+254712345678+', '٠٧١٢٣٤٥٦٧٨', 'phone', '2547123456789012345678901234567890',
        ]) {
            it(`refuses the phone "${written}"`, async () => {
                isProblem(await service.post('/v1/customers', { code: freshCode(), name: 'A', phone: written }), 422, 'invalid', ['/phone']);
            });
        }

        it('keeps the code as written; it is taken in any case', async () => {
            const code = freshCode('Mixed.Case_-');
            const { json } = await create({ code });
            assert.equal(json.code, code);
            for (const again of [code, code.toLowerCase(), code.toUpperCase()]) {
                const refused = await service.post('/v1/customers', { code: again, name: 'Baraka' });
                isProblem(refused, 409, 'code_taken', ['/code']);
                assert.equal(refused.json.errors[0].code, 'taken');
            }
        });

        it('lets one of many win a code', async () => {
            const code = freshCode('race');
            const answers = await Promise.all(Array.from({ length: 32 }, (_, i) => service.post('/v1/customers', { code, name: `Runner ${i}` })));
            assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(31).fill(409)]);
            assert.equal((await service.query(`select count(*) from customers where code = '${code}'`))[0][0], '1');
        });

        it('counts characters, not bytes', async () => {
            for (const character of ['a', 'é', '漢', '😀']) {
                const name = character.repeat(200);
                assert.equal((await create({ name })).json.name, name);
                isProblem(await service.post('/v1/customers', { code: freshCode(), name: `${name}${character}` }), 422, 'invalid', ['/name']);
            }
            assert.equal((await create({ code: 'x'.repeat(64) })).status, 201);
        });

        for (const language of ['en', 'sw', 'swh', 'sw-KE', 'en-Latn-KE']) {
            it(`takes the language ${language}`, async () => {
                assert.equal((await create({ language })).json.language, language);
            });
        }
    });

    describe('GET /v1/customers/{id}', () => {
        it('answers what POST answered', async () => {
            const made = await create({ phone: '0712345678', language: 'en' });
            const got = await service.get(made.headers.location);
            assert.equal(got.status, 200);
            assert.equal(got.text, made.text);
            assert.equal(got.headers.etag, made.headers.etag);
        });

        it('takes an id in either case', async () => {
            const { json, text } = await create({});
            assert.equal((await service.get(`/v1/customers/${json.id.toUpperCase()}`)).text, text);
        });

        it('answers HEAD like GET, without the body', async () => {
            const { headers: { location }, bytes } = await create({});
            const head = await service.request('HEAD', location);
            assert.equal(head.status, 200);
            assert.equal(head.bytes.length, 0);
            assert.equal(Number(head.headers['content-length']), bytes.length);
            assert.equal(head.headers.etag, '"1"');
        });

        it('answers 304 where the client has this version', async () => {
            const { headers: { location, etag } } = await create({});
            for (const known of [etag, `W/${etag}`, `"0", ${etag}`, `"0",W/"7",${etag}`, '*']) {
                const same = await service.get(location, { headers: { 'if-none-match': known } });
                assert.equal(same.status, 304, known);
                assert.equal(same.bytes.length, 0);
                assert.equal(same.headers.etag, etag);
            }
            for (const other of ['"2"', 'W/"11"', '1', '"1', '']) {
                assert.equal((await service.get(location, { headers: { 'if-none-match': other } })).status, 200, other);
            }
        });

        it('answers 404 for what is not there, and for what is no id', async () => {
            const { json: { id } } = await create({});
            for (const other of ['01890000-0000-7000-8000-000000000000', 'x', id.slice(1), `${id}0`, `{${id}}`, id.replaceAll('-', ''), '1%27%20or%201=1', '..']) {
                isProblem(await service.get(`/v1/customers/${encodeURIComponent(decodeURIComponent(other))}`), 404, 'not_found');
            }
            isProblem(await service.get(`/v1/orders/${id}`), 404, 'not_found');
        });
    });

    it('answers every text with the code points it was given', async () => {
        for (const text of NAUGHTY) {
            const made = await service.post('/v1/customers', { code: freshCode(), name: text });
            assert.equal(made.status, 201, `${JSON.stringify(text)}: ${made.text}`);
            assert.equal(made.json.name, text);
            assert.equal((await service.get(made.headers.location)).json.name, text);
        }
    });
});
