// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Bad input: every member wrong in every way, broken JSON, broken texts. Always a 4xx problem document that names what is wrong,
 * never a 500, never a row.
 */
import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import { forEachStore, isProblem, startService } from './harness.mjs';

const CUSTOMER = { code: 'N1', name: 'Asha Wanjiru', phone: '0712345678', language: 'en', sms_opt_out: false };
const ORDER = { customer: 'C1', item: 'Maize', amount: '250.00', currency: 'KES', time: '2026-01-31T08:00:00Z', external_ref: 'r1' };

const NO_STRINGS = [0, 1, -1.5, true, false, [], [1], ['a'], {}, { a: 1 }];
const BLANKS = ['', ' ', '\t\r\n '];
const CODES = [...BLANKS, 'a b', 'a/b', 'é', '漢', 'a\u0001', 'a\n', '😀', 'a%20'];

/* [target, a good body, member, wrong values, whether it must be there] */
const MEMBERS = [
    ['/v1/customers', CUSTOMER, 'code', [...NO_STRINGS, ...CODES, 'x'.repeat(65), 'x'.repeat(100_000)], true],
    ['/v1/customers', CUSTOMER, 'name', [...NO_STRINGS, ...BLANKS, 'x'.repeat(201), '漢'.repeat(201), 'x'.repeat(100_000)], true],
    ['/v1/customers', CUSTOMER, 'phone', [...NO_STRINGS, ...BLANKS, '07', 'x', '+', '7'.repeat(100_000), '0712345678\u0001', '０７１２３４５６７８'], false],
    ['/v1/customers', CUSTOMER, 'language', [...NO_STRINGS, ...CODES, 'e', 'english', 'en-', '-en', 'en--KE', 'en-k', 'en-toolongpart', 'x'.repeat(36)], false],
    ['/v1/customers', CUSTOMER, 'sms_opt_out', [0, 1, '', 'true', 'no', [], {}, [true]], false],
    ['/v1/orders', ORDER, 'customer', [...NO_STRINGS, ...CODES, 'x'.repeat(65)], true],
    ['/v1/orders', ORDER, 'item', [...NO_STRINGS, ...BLANKS, 'x'.repeat(201)], true],
    ['/v1/orders', ORDER, 'amount', [-1, 1.005, true, false, [], {}, [1], ...BLANKS, 'x', '1,00', '-1', '1e3', 'ten', '9'.repeat(100_000)], true],
    ['/v1/orders', ORDER, 'currency', [...NO_STRINGS, ...BLANKS, 'kes', 'KE', 'KESS', 'XXX', '漢字貨', 'K\u0001S'], false],
    ['/v1/orders', ORDER, 'time', [0, 1769846400, ...NO_STRINGS, ...BLANKS, 'now', '2026-01-31', '2026-02-30T00:00:00Z', '2999-01-01T00:00:00Z', 'x'.repeat(100_000)], false],
    ['/v1/orders', ORDER, 'external_ref', [...NO_STRINGS, ...BLANKS, 'x'.repeat(101)], false],
];

/* What nobody may write, and what is near to what they may. */
const UNKNOWN = {
    '/v1/customers': ['id', 'version', 'created_at', 'updated_at', 'Code', 'NAME', 'sms_optout', 'owner', 'role'],
    '/v1/orders': ['id', 'version', 'created_at', 'updated_at', 'created_by', 'customer_id', 'message', 'state', 'amount_minor', 'Item', 'externalRef'],
};
const STRANGE = [
    ['', '/'], ['__proto__', '/__proto__'], ['constructor', '/constructor'], ['a/b', '/a~1b'], ['m~n', '/m~0n'], ['~1', '/~01'], ['漢', '/漢'],
    ['"', '/"'], ['\\', '/\\'], ['\u0001', '/\u0001'], ['%s', '/%s'],
];

const BAD_UTF8 = {
    'a lone continuation byte': [0x80], 'a byte that never occurs': [0xff], 'an overlong NUL': [0xc0, 0x80], 'an overlong slash': [0xe0, 0x80, 0xaf],
    'half a pair': [0xc3], 'a surrogate': [0xed, 0xa0, 0x80], 'past the last code point': [0xf4, 0x90, 0x80, 0x80], 'five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80],
    'Latin-1': [0xe9, 0x20],
};

const NO_JSON = {
    nothing: '', blanks: ' \r\n\t', 'a word': 'customer', 'single quotes': "{'code':'x'}", 'no quotes': '{code:"x"}', 'a comma at the end': '{"code":"x",}',
    'a comma too much': '{,}', 'no colon': '{"code" "x"}', 'two documents': '{} {}', 'something behind': '{}x', 'a byte order mark': '\ufeff{}', NaN: '{"code":NaN}',
    Infinity: '{"amount":-Infinity}', 'a comment': '{"code":"x"/* y */}', 'an open text': '{"code":"x', 'a raw line end': '{"code":"x\ny"}', 'a raw NUL': '{"code":"x\0y"}',
    'a bad escape': '{"code":"\\x41"}', 'half an escape': '{"code":"\\u12"}', 'a NUL': '{"name":"a\\u0000b"}', 'a lone surrogate': '{"name":"\\ud800"}',
    'surrogates swapped': '{"name":"\\udc00\\ud800"}', 'a NUL in a name': '{"a\\u0000":1}', 'a member twice': '{"code":"a","code":"b"}',
    'a member twice, once escaped': '{"code":"a","c\\u006fde":"b"}', 'a member twice further in': '{"name":{"a":1,"a":2}}', 'a form': 'code=x&name=y', XML: '<code>x</code>',
    'leading zeros': '{"amount":007}', 'a plus': '{"amount":+1}', 'a bare point': '{"amount":.5}', 'a point at the end': '{"amount":5.}', hexadecimal: '{"amount":0x10}',
    'brackets that do not match': '{"name":[}]', 'only closing': '}}}}',
};

forEachStore((store) => {
    let service;
    let rows;

    before(async () => {
        service = await startService({ store });
        await service.post('/v1/customers', { code: 'C1', name: 'Known' });
    });

    async function countRows() {
        const counts = ['customers', 'orders', 'messages', 'idempotency_keys'].map((table) => `(select count(*) from ${table})`);
        return (await service.query(`select ${counts.join(', ')}`))[0];
    }

    beforeEach(async () => { rows = await countRows(); });
    afterEach(async () => {
        assert.deepEqual(await countRows(), rows, 'no row was written');
        assert.deepEqual(service.events('request.fault'), []);
    });

    function send(target, body, options) {
        return service.request('POST', target, { body, key: `k${Math.random()}`, ...options });
    }

    describe('a member', () => {
        for (const [target, good, name, wrong, required] of MEMBERS) {
            it(`${name} of ${target}, wrong in ${wrong.length} ways`, async () => {
                for (const value of wrong) {
                    isProblem(await send(target, JSON.stringify({ ...good, [name]: value })), 422, 'invalid', [`/${name}`]);
                }
            });
            if (!required) continue;
            it(`${name} of ${target} has to be there`, async () => {
                for (const value of [undefined, null]) {
                    const answer = await send(target, JSON.stringify({ ...good, [name]: value }));
                    isProblem(answer, 422, 'invalid', [`/${name}`]);
                    assert.equal(answer.json.errors[0].code, 'required');
                }
            });
        }

        it('is named with all the others that are wrong', async () => {
            isProblem(await send('/v1/customers', '{}'), 422, 'invalid', ['/code', '/name']);
            isProblem(await send('/v1/orders', '{}'), 422, 'invalid', ['/customer', '/item', '/amount']);
            const customer = { code: 'a b', name: '', phone: 7, language: 'x', sms_opt_out: 'x' };
            isProblem(await send('/v1/customers', JSON.stringify(customer)), 422, 'invalid', ['/code', '/name', '/phone', '/language', '/sms_opt_out']);
            const order = { customer: 1, item: '', amount: '-1', currency: 'KES', time: 'x', external_ref: [] };
            const answer = await send('/v1/orders', JSON.stringify(order));
            isProblem(answer, 422, 'invalid');
            assert.deepEqual(answer.json.errors.map(({ pointer }) => pointer).sort(), ['/amount', '/customer', '/external_ref', '/item', '/time']);
        });
    });

    describe('a member that nobody may write', () => {
        for (const [target, names] of Object.entries(UNKNOWN)) {
            it(`of ${target} is refused and named`, async () => {
                const good = target === '/v1/orders' ? ORDER : CUSTOMER;
                for (const name of names) {
                    for (const value of ['x', null, 1]) {
                        isProblem(await send(target, JSON.stringify({ ...good, [name]: value })), 400, 'unknown_member', [`/${name}`]);
                    }
                }
            });
        }

        it('may have any name', async () => {
            for (const [name, pointer] of STRANGE) {
                isProblem(await send('/v1/orders', `{${JSON.stringify(name)}:1}`), 400, 'unknown_member', [pointer]);
            }
        });

        it('comes with many others', async () => {
            const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`member ${i}`, i]));
            const answer = await send('/v1/customers', JSON.stringify(many));
            isProblem(answer, 400, 'unknown_member');
            assert.equal(answer.json.errors.length, 32);
            isProblem(await send('/v1/customers', `{"${'x'.repeat(1_000_000)}":1}`), 400, 'unknown_member');
        });
    });

    describe('a body', () => {
        it('that is no object is refused', async () => {
            for (const body of ['[]', '[{}]', 'null', 'true', '0', '"x"']) isProblem(await send('/v1/customers', body), 422, 'invalid', ['']);
        });

        for (const [what, body] of Object.entries(NO_JSON)) {
            it(`that is ${what} is no JSON`, async () => isProblem(await send('/v1/customers', body), 400, 'malformed'));
        }

        for (const [what, bytes] of Object.entries(BAD_UTF8)) {
            it(`with ${what} is no UTF-8`, async () => {
                for (const [head, tail] of [['{"code":"N1","name":"', '"}'], ['{"', '":1}'], ['', '']]) {
                    isProblem(await send('/v1/customers', Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)])), 400, 'malformed');
                }
            });
        }

        for (const [target, good] of [['/v1/customers', CUSTOMER], ['/v1/orders', { ...ORDER, item: 'Zoë\n\u{1f33d}' }]]) {
            it(`of ${target}, cut at every byte, is malformed`, async () => {
                const whole = Buffer.from(JSON.stringify(good));
                const answers = await Promise.all(Array.from(whole.keys(), (length) => send(target, whole.subarray(0, length))));
                for (const answer of answers) isProblem(answer, 400, 'malformed');
            });
        }

        it('may be 64 deep and no deeper', async () => {
            const nested = (depth) => `{"name":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
            isProblem(await send('/v1/customers', nested(64)), 422, 'invalid', ['/code', '/name']);
            for (const depth of [65, 1000, 500_000]) isProblem(await send('/v1/customers', nested(depth)), 400, 'malformed');
            isProblem(await send('/v1/customers', '[{"a":'.repeat(150_000)), 400, 'malformed');
        });

        it('may be 1 MiB and no larger', async () => {
            const padded = (length) => `{}${' '.repeat(length - 2)}`;
            isProblem(await send('/v1/customers', padded(1024 * 1024)), 422, 'invalid', ['/code', '/name']);
            isProblem(await send('/v1/customers', padded(1024 * 1024 + 1)), 413, 'too_large');
        });

        it('with 100,000 members is refused soon', async () => {
            const body = `{${Array.from({ length: 100_000 }, (_, i) => `"${i}":0`).join()}}`;
            isProblem(await send('/v1/customers', body), 400, 'unknown_member');
        });

        it('changed at random is answered with 4xx', async () => {
            /* Of a customer that is not there, so that a body that stays good writes nothing either. */
            const whole = Buffer.from(JSON.stringify({ ...ORDER, customer: 'nobody' }));
            let seed = 7;
            const draw = (below) => {
                seed = (seed * 1103515245 + 12345) % 2 ** 31;
                return seed % below;
            };
            const changed = Array.from({ length: 400 }, () => {
                const bytes = Buffer.from(whole);
                for (let times = 1 + draw(4); times > 0; times--) bytes[draw(bytes.length)] = draw(256);
                return bytes;
            });
            for (const answer of await Promise.all(changed.map((bytes) => send('/v1/orders', bytes)))) {
                isProblem(answer, answer.status);
                assert.ok([400, 422].includes(answer.status), answer.text);
            }
        });
    });

    describe('a media type', () => {
        const type = (text) => send('/v1/customers', '{}', { headers: { 'content-type': text } });

        it('other than JSON in UTF-8 is refused', async () => {
            for (const text of [
                undefined, '', 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'application/json2', 'json', 'application/problem+json',
                'application/json; charset=utf-16', 'application/json; charset=latin1', 'application/json;charset', 'application/json, text/plain', 'text/json',
            ]) isProblem(await type(text), 415, 'unsupported_media_type');
        });

        it('may be written in any usual way', async () => {
            for (const text of ['application/json', 'Application/JSON', 'application/json;charset=utf-8', 'application/json ; charset="UTF-8"']) {
                isProblem(await type(text), 422, 'invalid');
            }
        });

        it('of the answer has to be JSON', async () => {
            const accept = (text) => service.get('/v1/orders', { headers: { accept: text } });
            for (const text of ['text/html', 'application/xml', 'application/json;q=0', 'text/*, image/png', 'application/jsonx']) {
                isProblem(await accept(text), 406, 'not_acceptable');
            }
            for (const text of ['*/*', 'application/*', 'application/json', 'text/html, application/json;q=0.1', 'text/html;q=0.9,*/*;q=0.1', 'APPLICATION/JSON']) {
                assert.equal((await accept(text)).status, 200, text);
            }
        });
    });
});
