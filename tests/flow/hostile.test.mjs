// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Strangers who know how the service is built: bytes that a lax parser below us lets pass, parameters without end, clients that leave or
 * go on talking while their request waits for keys, cursors before there is a database.
 *
 * In front of the store but for the last: SQLite alone.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { startMisbehaving } from '../../dev/misbehaving.mjs';
import { connectRaw, isProblem, keep, postgres, raw, sqlite, startPostgres, startService, until } from './harness.mjs';

const MIB = 1024 * 1024;

let service;
let bearer;

function get(fields = '', line = 'GET /v1/orders HTTP/1.1\r\n', host = 'Host: a\r\n') {
    return `${line}${host}${bearer}${fields}\r\n`;
}

async function answerTo(bytes) {
    const [answer] = await raw(service.address, bytes, { within: 5000 });
    assert.ok(answer, `no answer to ${JSON.stringify(bytes.slice(0, 200))}`);
    return answer;
}

async function refusesHeads(...list) {
    assert.equal((await answerTo(get())).status, 200);
    for (const bytes of list) assert.equal((await answerTo(bytes)).status, 400, JSON.stringify(bytes));
}

describe('a head', () => {
    before(async () => {
        service = await startService({ store: sqlite });
        bearer = `Authorization: Bearer ${service.provider.token()}\r\n`;
    });

    it('has no NUL at the end of a line, the last one neither', () => refusesHeads(
        get('X: a\0\r\n'), get('X: a\0\0\0\r\n'), get('X: a\0\r\nY: b\r\n'), get('X: \0\r\n'), get('X: a\r\n').replace('a\r\n', 'a\0\r\n'),
    ));

    it('has no NUL in its request line, and single spaces', () => refusesHeads(
        get('', 'GET /v1/orders\0x HTTP/1.1\r\n'), get('', 'GET /v1/orders?limit=1\0&x HTTP/1.1\r\n'), get('', 'GET\0 /v1/orders HTTP/1.1\r\n'),
        get('', 'GET\0X /v1/orders HTTP/1.1\r\n'), get('', 'GET /v1/orders HTTP/1.1\0\r\n'), get('', 'GET  /v1/orders HTTP/1.1\r\n'),
        get('', 'GET /v1/orders  HTTP/1.1\r\n'), get('', 'GET\t/v1/orders HTTP/1.1\r\n'),
    ));

    it('ends with CRLF CRLF', () => refusesHeads(get().replace(/\r\n$/, '\n'), get().replace(/\r\n\r\n$/, '\n\r\n'), get().replace(/\r\n\r\n$/, '\n\n')));

    it('H13 names a host that is one', async () => {
        for (const host of ['a', 'a:80', '127.0.0.1:8080', '[::1]:80', 'xn--a.example']) assert.equal((await answerTo(get('', undefined, `Host: ${host}\r\n`))).status, 200);
        await refusesHeads(...['u@a', 'a/b', 'a,b', 'a b', 'a\\b', 'a?b', 'a#b', 'a>b', '\xe4', 'a;b'].map((host) => get('', undefined, `Host: ${host}\r\n`)));
    });

    it('with cookies without end is answered at once', async () => {
        for (const [count, status] of [[100, 200], [3000, 431], [7000, 431]]) {
            assert.equal((await answerTo(get(`Cookie: ${'a;'.repeat(count)}\r\n`))).status, status);
        }
    });
});

it('parameters without end are answered at once', async () => {
    const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
    const names = [...letters].flatMap((first) => [...letters].map((second) => first + second));
    for (const count of [33, 500, 2700]) {
        isProblem(await answerTo(get('', `GET /v1/orders?${names.slice(0, count).join('&')} HTTP/1.1\r\n`)), 400, 'unknown_parameter');
    }
    isProblem(await answerTo(get('', `GET /v1/orders?${'&'.repeat(8000)}limit=0 HTTP/1.1\r\n`)), 400, 'bad_parameter');
});

describe('while a request waits for newer keys', () => {
    const WAIT_MS = 1000;
    const CLIENTS = 50;
    let provider;
    let stale; /* signed with a key that the service has not seen */
    let lines;

    const post = (token, fields, body) =>
        `POST /v1/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${fields}\r\n${body}`;

    /* One wait for all: a stranger's key is asked for once in 30 s. */
    before(async () => {
        provider = keep(await startMisbehaving());
        service = await startService({ store: sqlite, identity: provider });
        await provider.rotate('es256');
        provider.behave('jwks', { kind: 'ok', delayMs: WAIT_MS });
        provider.resetCounts();
        stale = provider.token();
        const old = provider.token({ key: 'eddsa', claims: { sub: 'reader', roles: ['viewer'], scope: undefined, client_id: 'console' } });
        const chunk = '8\r\n{"code":\r\n';
        const open = async (bytes) => {
            const line = await connectRaw(service.address);
            await line.write(bytes);
            return line;
        };
        lines = {
            whole: await open(post(stale, 'Content-Length: 26\r\n', '{"code":"W1","name":"One"}')),
            pieces: await open(post(stale, 'Transfer-Encoding: chunked\r\n', chunk)),
            pipelined: await open(post(stale, 'Content-Length: 26\r\n', '{"code":"W3","name":"One"}') +
                post(old, 'Content-Length: 26\r\n', '{"code":"W4","name":"One"}')),
            larger: await open(post(stale, 'Transfer-Encoding: chunked\r\n', chunk)),
            gone: await Promise.all(Array.from({ length: CLIENTS }, (_, i) =>
                open(post(stale, 'Content-Length: 28\r\n', `{"code":"GONE${10 + i}","name":"G`)))),
        };
        await provider.reached('jwks', 1);
        for (const line of lines.gone) line.end();
        await lines.pieces.write('12\r\n"W2","name":"Two"}\r\n0\r\n\r\n');
    });

    const created = async (line, code) => {
        const answer = await line.answer();
        assert.equal(answer.status, 201, answer.text);
        assert.equal(answer.json.code, code);
    };

    it('its body waits with it', () => created(lines.whole, 'W1'));
    it('its body may go on coming', () => created(lines.pieces, 'W2'));

    it('the request behind it keeps its own bearer', async () => {
        await created(lines.pipelined, 'W3');
        isProblem(await lines.pipelined.answer(), 403, 'insufficient_scope');
    });

    it('a body that turns out too large is cut off afterwards', async () => {
        const half = ' '.repeat(MIB / 2);
        lines.larger.write(`${half.length.toString(16)}\r\n${half}\r\n`.repeat(2) + '1\r\n \r\n0\r\n\r\n');
        isProblem(await lines.larger.answer(), 413, 'too_large');
    });

    it('clients that leave cost nothing', async () => {
        const { json } = await service.get('/v1/customers');
        assert.deepEqual(json.data.map(({ code }) => code).sort(), ['W1', 'W2', 'W3']);
        assert.equal(provider.counts().jwks, 1);
    });
});

it('a cursor before the database was ever reached is 503, and the service goes on', async () => {
    const server = await startPostgres();
    const database = await postgres.createDatabase(server);
    await server.stop();
    const early = await startService({ store: postgres, database, waitReady: false });
    await until('the keys are there', async () => (await early.readiness()).checks.keys === 'ok');
    const cursor = Buffer.alloc(40, 7).toString('base64url');
    isProblem(await early.get(`/v1/orders?cursor=${cursor}`), 503, 'unavailable');
    await server.start();
    await early.ready();
    isProblem(await early.get(`/v1/orders?cursor=${cursor}`), 400, 'bad_cursor');
    await early.close();
    await server.close();
});
