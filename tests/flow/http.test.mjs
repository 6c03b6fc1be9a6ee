// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * HTTP itself: framing that two servers could read differently, limits, methods, targets, pipelines, slow clients.
 *
 * Where libmicrohttpd refuses a head or a chunk before we see it, the answer is its own (no problem document); the tests then hold it
 * to the status and to the end of the connection.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { connectRaw, forEachStore, inTime, isProblem, parseAnswers, raw, sqlite, startService, until } from './harness.mjs';

const MIB = 1024 * 1024;
const CUSTOMER = '{"code":"smuggled","name":"S"}';

let service;
let token;

function head(method, target, fields = '', version = 'HTTP/1.1') {
    return `${method} ${target} ${version}\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${fields}\r\n`;
}

function get(target, fields) {
    return head('GET', target, fields);
}

function post(fields, body = '', target = '/v1/customers') {
    return head('POST', target, `Content-Type: application/json\r\n${fields}`) + body;
}

function chunked(...pieces) {
    return [...pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`), '0\r\n\r\n'].join('');
}

/* Everything a connection says to these bytes, and that it is closed afterwards. */
async function untilClosed(bytes) {
    const line = await connectRaw(service.address);
    await line.write(Buffer.from(bytes, 'latin1'));
    await line.closed(5000);
    line.end();
    return parseAnswers(line.received, { ended: true });
}

/* One refusal and no more: what follows in the bytes is never read as a request. */
async function isCutOff(bytes, ...statuses) {
    const answers = await untilClosed(`${bytes}${get('/v1/orders')}`);
    assert.equal(answers.length, 1, JSON.stringify(answers));
    assert.ok(statuses.includes(answers[0].status), `${JSON.stringify(bytes.slice(0, 300))}: ${answers[0].status}`);
    return answers[0];
}

forEachStore((store) => {
    before(async () => {
        service = await startService({ store });
        token = service.provider.token();
    });

    describe('a connection', () => {
        it('takes request after request', async () => {
            const line = await connectRaw(service.address);
            for (let i = 0; i < 3; i++) {
                await line.write(get('/v1/orders'));
                const { status, headers } = await line.answer();
                assert.equal(status, 200);
                assert.equal(headers.connection, undefined);
            }
            line.end();
        });

        it('ends when the client says so, and in HTTP/1.0', async () => {
            for (const bytes of [get('/v1/orders', 'Connection: close\r\n'), head('GET', '/v1/orders', '', 'HTTP/1.0')]) {
                const [answer] = await untilClosed(bytes);
                assert.equal(answer.status, 200);
            }
        });

        it('answers 100 mixed requests in one go in their order', async () => {
            const wanted = [];
            const bytes = Array.from({ length: 100 }, (_, i) => {
                const body = `{"code":"pipe-${i}","name":"P"}`;
                const [request, check] = [
                    [get('/v1/orders?limit=1'), ({ status, json }) => status === 200 && Array.isArray(json.data)],
                    [post(`Content-Length: ${body.length}\r\n`, body), ({ status, json }) => status === 201 && json.code === `pipe-${i}`],
                    [get(`/v1/customers?customer=pipe-${i - 1}`), ({ json }) => json.data[0].code === `pipe-${i - 1}`],
                    [get(`/v1/nowhere/${i}`), ({ status }) => status === 404],
                    [post('Content-Length: 2\r\n', '{}'), ({ status }) => status === 422],
                ][i % 5];
                wanted.push(check);
                return request;
            });
            const answers = await raw(service.address, bytes.join(''), { count: 100 });
            assert.equal(answers.length, 100);
            answers.forEach((answer, i) => assert.ok(wanted[i](answer), `${i}: ${answer.status} ${answer.text}`));
            assert.equal(new Set(answers.map(({ headers }) => headers['x-request-id'])).size, 100);
        });

        it('may bring a request in any two pieces', async () => {
            const whole = post('Content-Length: 2\r\n', '{}');
            const line = await connectRaw(service.address);
            for (let at = 1; at < whole.length; at++) {
                await line.write(whole.slice(0, at));
                await new Promise(setImmediate);
                await line.write(whole.slice(at));
                isProblem(await line.answer(), 422, 'invalid', ['/code', '/name']);
            }
            line.end();
        });

        it('may bring a request byte by byte', async () => {
            for (const [bytes, status] of [[get('/v1/orders'), 200], [post('Transfer-Encoding: chunked\r\n', chunked('{', '}')), 422], [get('/v1/x'), 404]]) {
                const line = await connectRaw(service.address);
                for (const byte of bytes) await line.write(byte);
                assert.equal((await line.answer()).status, status);
                line.end();
            }
        });

        it('that is dropped at any point leaves the service as it was', async () => {
            const whole = post(`Content-Length: ${CUSTOMER.length}\r\n`, CUSTOMER);
            await Promise.all(Array.from({ length: whole.length - 1 }, async (_, i) => {
                const line = await connectRaw(service.address);
                await line.write(whole.slice(0, i));
                line.end();
            }));
            assert.equal((await service.get('/v1/customers?customer=smuggled')).json.data.length, 0);
        });

        it('gets "100 Continue" when it waits for it', async () => {
            const line = await connectRaw(service.address);
            await line.write(post('Content-Length: 2\r\nExpect: 100-continue\r\n'));
            await until('100', () => line.received.toString().startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
            await line.write('{}');
            assert.equal((await line.answer()).status, 422);
            line.end();
        });

        it('hears at once that another expectation cannot be met', async () => {
            isProblem(await isCutOff(post('Content-Length: 2\r\nExpect: 200-ok\r\n'), 417), 417, 'expectation_failed');
        });

        it('may send a body with GET, which is passed over', async () => {
            const answers = await raw(service.address, `${get('/v1/orders', 'Content-Length: 5\r\n')}GET /${get('/v1/x')}`, { count: 2 });
            assert.deepEqual(answers.map(({ status }) => status), [200, 404]);
        });

        it('ends after what is no request', async () => {
            for (const bytes of ['garbage\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\xff\xfe\xfd\r\n\r\n', 'GET /v1/orders\r\n\r\n']) {
                const answers = await untilClosed(bytes);
                assert.ok(answers.length <= 1 && answers.every(({ status }) => status === 400 || status === 505), JSON.stringify(answers));
            }
            const [good, ...rest] = await untilClosed(`${get('/v1/orders')}garbage\r\n\r\n`);
            assert.equal(good.status, 200);
            assert.ok(rest.every(({ status }) => status === 400));
        });
    });

    describe('framing', () => {
        /* [name, bytes, statuses]: the connection ends, nothing of the body is read as a request. */
        const length = CUSTOMER.length;
        const both = chunked(CUSTOMER);
        const cases = () => [
            ['H01 Content-Length, then Transfer-Encoding', post(`Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n`, both)],
            ['H01 the other way round, in another case', post(`transfer-encoding: chunked\r\nCONTENT-LENGTH: ${length}\r\n`, both)],
            ['H01 with an empty Content-Length', post('Transfer-Encoding: chunked\r\nContent-Length: 0\r\n', both)],
            ['H02 two equal Content-Length', post(`Content-Length: ${length}\r\nContent-Length: ${length}\r\n`, CUSTOMER)],
            ['H02 two different ones', post(`Content-Length: ${length}\r\nContent-Length: 3\r\n`, CUSTOMER)],
            ['H02 two in one', post(`Content-Length: ${length}, ${length}\r\n`, CUSTOMER)],
            ...['+5', '-1', '0x10', '1_0', '1Z', '', '5,', '5;', '１'].map((value) => [`H03 Content-Length "${value}"`, post(`Content-Length: ${value}\r\n`, CUSTOMER)]),
            ['H03 Content-Length 2^64 + 1', post('Content-Length: 18446744073709551617\r\n', CUSTOMER), 400, 413],
            ...['xchunked', ',chunked', 'chunked,identity', 'identity', 'chunked, chunked', '\x0bchunked', 'chunked\xa0', 'gzip, chunked', 'chunked;a=b', '']
                .map((value) => [`H04 Transfer-Encoding "${value}"`, post(`Transfer-Encoding: ${value}\r\n`, both)]),
            ['H04 Transfer-Encoding twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', both)],
            ['H05 Transfer-Encoding in HTTP/1.0', post('Transfer-Encoding: chunked\r\n', both).replace('HTTP/1.1', 'HTTP/1.0')],
            ...['0x2', '+2', ' 2', '2_0', '', '2 ', 'x', '2\0', '-2'].map((size) => [`H06 chunk size "${size}"`, post('Transfer-Encoding: chunked\r\n', `${size}\r\n{}\r\n0\r\n\r\n`)]),
            ['H06 a chunk size past 64 bits', post('Transfer-Encoding: chunked\r\n', 'fffffffffffffffff\r\n{}\r\n0\r\n\r\n'), 400, 413],
            ['H07 a chunk that goes on behind its end', post('Transfer-Encoding: chunked\r\n', '2\r\n{}XX0\r\n\r\n')],
            ...['a\0b', 'a\rb', 'a\x01b', 'a\x7fb', '\0b'].map((value) => [`H10 ${JSON.stringify(value)} in a field`, get('/v1/orders', `X: ${value}\r\n`)]),
            ['H10 bytes that only look like blanks', post(`Content-Length: \x85${length}\r\n`, CUSTOMER)],
            ['H11 a blank before the colon', get('/v1/orders', 'X : a\r\n')],
            ['H11 a blank before the colon of Content-Length', post(`Content-Length : ${length}\r\n`, CUSTOMER)],
            ['H11 no name', get('/v1/orders', ': a\r\n')],
            ['H11 no colon', get('/v1/orders', 'X\r\n')],
            ['H11 a name that is none', get('/v1/orders', 'X(1): a\r\n')],
            ['H11 a folded line', get('/v1/orders', 'X: a\r\n b\r\n')],
            ['H11 a fold before the first line', head('GET', '/v1/orders').replace('Host', ' X: a\r\nHost')],
            ['H12 bare line feeds', head('GET', '/v1/orders').replaceAll('\r\n', '\n')],
            ['H12 one bare line feed', head('GET', '/v1/orders').replace('a\r\n', 'a\n')],
            ['H13 no Host', head('GET', '/v1/orders').replace('Host: a\r\n', '')],
            ['H13 two Hosts', head('GET', '/v1/orders', 'Host: a\r\n')],
            ...['HTTP/2.0', 'http/1.1', 'HTTP/1.32', 'HTTP/4294967295.255', 'HTTP/1.', 'HTTP/1.1 x', 'HTTP/0.9', 'HTTQ/1.1']
                .map((version) => [`H14 ${version}`, head('GET', '/v1/orders', '', version), 400, 505]),
        ];

        before(async () => { await service.get('/v1/orders'); });

        it('that could be read in two ways is refused, and ends the connection', async () => {
            const before = await service.count('customers');
            for (const [name, bytes, ...statuses] of cases()) {
                const answer = await isCutOff(bytes, ...(statuses.length > 0 ? statuses : [400])).catch((error) => {
                    throw new Error(`${name}: ${error.message}`);
                });
                if (answer.headers['content-type'] === 'application/problem+json') isProblem(answer, answer.status);
            }
            assert.equal(await service.count('customers'), before);
        });

        it('H03 "010" is ten, never eight', async () => {
            const [answer] = await raw(service.address, post('Content-Length: 010\r\n', '{}        '));
            isProblem(answer, 422, 'invalid');
        });

        it('H09 drops trailers', async () => {
            const trailers = 'Content-Type: text/plain\r\nContent-Length: 1\r\nHost: b\r\nAuthorization: x\r\n';
            const answers = await untilClosed(post('Transfer-Encoding: chunked\r\n', `2\r\n{}\r\n0\r\n${trailers}\r\n`));
            assert.deepEqual(answers.map(({ status }) => status), [422]);
        });

        it('H27 ends exactly where it says', async () => {
            const empty = post('Content-Length: 0\r\n');
            const answers = await raw(service.address, empty + post('Content-Length: 2\r\n', '{}') + get('/v1/orders'), { count: 3 });
            assert.deepEqual(answers.map(({ status }) => status), [400, 422, 200]);
        });

        it('H07 in chunks is the last of its connection, so that its framing can hide nothing', async () => {
            const hidden = get('/v1/orders');
            for (const body of [chunked('{}'), '2;\n{}\r\n0\r\n\r\n', '2\r\n{}\n0\n\n', '0\r\n\n']) {
                const answers = await untilClosed(post('Transfer-Encoding: chunked\r\n', body + hidden));
                assert.equal(answers.length, 1, JSON.stringify(body));
                assert.ok([400, 422].includes(answers[0].status));
            }
        });
    });

    describe('a target', () => {
        const statusOf = async (target) => (await raw(service.address, get(target)))[0];

        it('H16 that is no target is refused', async () => {
            for (const target of [
                '/v1/or ders', '/v1/\xc3\xa9', '/v1/%zz', '/v1/%', '/v1/%4', '/v1/%00', '/v1/orders#f', '/v1/%c0%af', '/v1/%ff', '/v1/%ed%a0%80', '/v1\\orders',
                '/v1/{id}', '/v1/<a>', '/v1/"', '/v1/^', '/v1/`', '/v1/|', '/v1/\x01', '/v1/\x7f', '*', 'v1/orders', 'http://b/v1/orders',
                '/v1/orders?a=%zz', '/v1/orders?%00=1', '/v1/orders?customer=%ff', '/v1/orders?a=\xe9', '/v1/orders?limit=5#x',
            ]) {
                isProblem(await statusOf(target), 400, 'malformed');
            }
        });

        it('H17 is decoded once, and then has to fit', async () => {
            for (const target of [
                '//', '//v1/orders', '/v1//orders', '/v1/orders/', '/v1/orders//', '/V1/orders', '/v1/Orders', '/v1/../v1/orders', '/v1/%2e%2e/v1/orders', '/v1/./orders',
                '/v1/%256frders', '/v1/%252f', '/v1/orders;x=1', '/v1/orders%20', '/v1/orders%3flimit=1', '/v1', '/v1/orders/1/2', '/readyz', '/metrics', '/livez',
            ]) {
                isProblem(await statusOf(target), 404, 'not_found');
            }
            for (const target of ['/v1/orders', '/v1/%6frders', '/%76%31/orders', '/v1/orders?', '/v1/orders?&&', '/v1/orders?limit=%35', '/v1/orders?%6cimit=5']) {
                assert.equal((await statusOf(target)).status, 200, target);
            }
        });

        it('has blanks in its query as %20 and as +', async () => {
            for (const customer of ['a%20b', 'a+b']) assert.equal((await statusOf(`/v1/orders?customer=${customer}`)).status, 200);
            isProblem(await statusOf('/v1/orders?limit=+5'), 400, 'bad_parameter');
        });

        it('may have 8 KiB', async () => {
            const of = (length) => '/v1/orders?customer='.padEnd(length, 'a');
            assert.equal((await statusOf(of(8192))).status, 200);
            for (const length of [8193, 10_000, 20_000]) isProblem(await statusOf(of(length)), 414, 'target_too_long');
            assert.equal((await statusOf(of(60_000))).status, 414);
        });
    });

    describe('a head', () => {
        const withFields = (fields) => raw(service.address, get('/v1/orders', fields)).then(([answer]) => answer);

        it('may have 100 fields', async () => {
            const fields = (count) => 'X: y\r\n'.repeat(count - 2);
            assert.equal((await withFields(fields(100))).status, 200);
            for (const count of [101, 200]) isProblem(await withFields(fields(count)), 431, 'head_too_large');
            assert.equal((await withFields(fields(1000))).status, 431);
        });

        it('may have 16 KiB', async () => {
            const field = (length) => `X: ${'y'.repeat(length - get('/v1/orders').length - 5)}\r\n`;
            assert.equal((await withFields(field(16_000))).status, 200);
            for (const length of [16_500, 25_000]) isProblem(await withFields(field(length)), 431, 'head_too_large');
            assert.equal((await withFields(field(200_000))).status, 431);
        });
    });

    describe('a body', () => {
        it('of 1 MiB is taken, by length and by chunks', async () => {
            const body = '{}'.padEnd(MIB);
            for (const bytes of [post(`Content-Length: ${MIB}\r\n`, body), post('Transfer-Encoding: chunked\r\n', chunked(body.slice(0, 70_000), body.slice(70_000)))]) {
                isProblem((await raw(service.address, bytes))[0], 422, 'invalid', ['/code', '/name']);
            }
        });

        it('that says it is larger is refused before it comes', async () => {
            for (const length of [MIB + 1, 10 * MIB, '99999999999']) {
                const [answer] = await untilClosed(post(`Content-Length: ${length}\r\n`));
                isProblem(answer, 413, 'too_large');
            }
        });

        it('that is larger and sent to its end all the same finds its answer', async () => {
            for (const size of [MIB + 1, 2 * MIB, 6 * MIB]) {
                for (let i = 0; i < 10; i++) {
                    const answer = await service.request('POST', '/v1/customers', { body: Buffer.alloc(size, ' ') });
                    isProblem(answer, 413, 'too_large');
                }
            }
        });

        it('that turns out larger is cut off', async () => {
            const half = ' '.repeat(MIB / 2);
            for (const bytes of [post('Transfer-Encoding: chunked\r\n', chunked(half, half, ' ')), post('Transfer-Encoding: chunked\r\n', `ffffffffffffffff\r\n${half}${half} `)]) {
                const [answer] = await raw(service.address, bytes);
                isProblem(answer, 413, 'too_large');
            }
        });

        it('is not asked for when the request is refused anyway', async () => {
            const line = await connectRaw(service.address);
            await line.write(`POST /v1/nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: ${MIB}\r\n\r\n`);
            await line.write(' '.repeat(MIB));
            isProblem(await line.answer(), 404, 'not_found');
            await line.write(get('/v1/orders'));
            assert.equal((await line.answer()).status, 200);
            line.end();
        });
    });

    describe('a method', () => {
        const ask = async (method, target) => (await raw(service.address, head(method, target)))[0];

        it('that a resource does not have is 405, with those it has', async () => {
            for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']) {
                for (const [target, allow] of [['/v1/orders', 'GET, HEAD, POST'], ['/v1/orders/x', 'GET, HEAD'], ['/v1/messages', 'GET, HEAD']]) {
                    const answer = await ask(method, target);
                    isProblem(answer, 405, 'method_not_allowed');
                    assert.equal(answer.headers.allow, allow);
                }
            }
        });

        it('that nothing here has is 501', async () => {
            for (const method of ['BREW', 'get', 'Get', 'X'.repeat(100), 'G="', 'PROPFIND']) isProblem(await ask(method, '/v1/orders'), 501, 'not_implemented');
            assert.deepEqual(service.events('request.fault'), [], 'what clients do is no fault of the service');
        });

        it('HEAD answers as GET would, without the body', async () => {
            const line = await connectRaw(service.address);
            for (const target of ['/v1/orders', '/v1/customers?limit=1', '/v1/nowhere', '/v1/orders/1', '/v1/orders?x=1']) {
                const full = await raw(service.address, get(target));
                await line.write(head('HEAD', target));
                const { status, headers, text } = await line.answer({ head: true });
                assert.equal(status, full[0].status);
                assert.equal(headers['content-length'], full[0].headers['content-length']);
                assert.equal(headers['content-type'], full[0].headers['content-type']);
                assert.equal(text, '');
            }
            line.end();
        });
    });

    describe('the admin listener', () => {
        it('answers its own routes and no others', async () => {
            for (const [path, type] of [['/livez', 'application/json'], ['/readyz', 'application/json'], ['/metrics', 'text/plain; version=0.0.4; charset=utf-8']]) {
                const answer = await service.admin(path);
                assert.equal(answer.status, 200);
                assert.equal(answer.headers['content-type'], type);
            }
            for (const path of ['/', '/v1/orders', '/v1/customers', '/metrics/']) isProblem(await service.admin(path), 404, 'not_found');
        });
    });
});

/* In front of the store, and long: once is enough. */
describe('a slow client', { concurrency: true }, () => {
    before(async () => {
        service = await startService({ store: sqlite });
        token = service.provider.token();
    });

    const HEAD_MS = 10_000;
    const STALL_MS = 30_000;
    const SWEEP_MS = 2500; /* deadlines are looked at once a second */

    async function lasts(bytes, about) {
        const line = await connectRaw(service.address);
        const start = Date.now();
        await line.write(bytes);
        await line.closed(about + SWEEP_MS);
        assert.ok(Date.now() - start > about - 1000, `closed after ${Date.now() - start} ms`);
        line.end();
    }

    it('has 10 s for a head, even when it says nothing', () => lasts('', HEAD_MS));
    it('has 10 s for a head, even when it says half of it', () => lasts('GET /v1/orders HTTP/1.1\r\nHost: a\r\nX: ', HEAD_MS));

    it('has 10 s for a head, even when it goes on saying something', async () => {
        const line = await connectRaw(service.address);
        const start = Date.now();
        await line.write('GET /v1/orders HTTP/1.1\r\nHost: a\r\n');
        const feed = setInterval(() => line.write('X: y\r\n'), 500);
        await line.closed(HEAD_MS + SWEEP_MS).finally(() => clearInterval(feed));
        assert.ok(Date.now() - start > HEAD_MS - 1000);
        line.end();
    });

    it('has 30 s for the next piece of a body', () => lasts(post('Content-Length: 10\r\n', '{'), STALL_MS));

    it('costs no processor time with a chunk header that never ends', async () => {
        const line = await connectRaw(service.address);
        line.write(`POST /v1/customers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;${'a'.repeat(100_000)}`);
        const ticks = () => readFileSync(`/proc/${service.pid}/stat`, 'utf8').split(' ').slice(13, 15).reduce((sum, text) => sum + Number(text), 0);
        const start = { ticks: ticks(), at: Date.now() };
        await until('two seconds', () => Date.now() - start.at > 2000);
        assert.ok(ticks() - start.ticks < 50, `${ticks() - start.ticks} ticks of 10 ms in 2 s`);
        line.end();
    });

    it('does not keep others waiting', async () => {
        const lines = await Promise.all(Array.from({ length: 200 }, () => connectRaw(service.address)));
        for (const line of lines) line.write('GET /v1/orders HTTP/1.1\r\nHost');
        const answers = await inTime('honest requests', Promise.all(Array.from({ length: 50 }, () => service.get('/v1/orders'))), 5000);
        assert.ok(answers.every(({ status }) => status === 200));
        for (const line of lines) line.end();
    });
});
