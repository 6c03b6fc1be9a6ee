// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Shows that openloop.c tells the truth, against servers that misbehave in known ways.
 *
 *   dev/node bench/openloop-check.mjs
 *
 * The server that pauses for half a second stands still for 500 of 4000 requests: an eighth of them waits, evenly up to half a second, so that
 * 99 % must show at least 400 ms. A generator that waits for answers would show eight slow requests, one per connection.
 */
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { LOOPBACK, listen } from '../dev/command.mjs';
import { buildOpenLoop, openLoop } from './openloop.mjs';

const LOAD = { token: 'token', rate: 1000, seconds: 4, warmup: 0.5, connections: 8 };
const PAUSE_MS = 500;
const MILLI = 1000;

let failures = 0;

function check(name, good, result) {
    if (!good) failures += 1;
    process.stdout.write(good ? `  ok      ${name}\n` : `  FAILED  ${name}: ${JSON.stringify(result)}\n`);
}

/* Answers after the whole body came, as `answer` says. */
async function withServer(answer, work) {
    const server = createServer(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        answer(request, response, JSON.parse(body));
    });
    server.keepAliveTimeout = 60_000;
    await listen(server, { host: LOOPBACK });
    try {
        return await work(`http://${LOOPBACK}:${server.address().port}`);
    } finally {
        server.closeAllConnections();
        await new Promise((resolve) => { server.close(resolve); });
    }
}

function created(response, headers = {}) {
    response.writeHead(201, { 'content-type': 'application/json', 'content-length': 2, ...headers });
    response.end('{}');
}

async function checkSteady() {
    let wrong = 0;
    const answer = (request, response, { customer, item, amount }) => {
        const good = request.headers.authorization === 'Bearer token' && /^C[0-9]+$/.test(customer) && item !== '' && /^[0-9]+\.[0-9]{2}$/.test(amount);
        if (!good) wrong += 1;
        created(response);
    };
    const fixed = await withServer(answer, (url) => openLoop(url, LOAD));
    check('a steady server: every request of a fixed rate is counted', fixed.requests === LOAD.rate * LOAD.seconds && fixed.errors === 0, fixed);
    check('and half are answered within 10 ms', fixed.p50 > 0 && fixed.p50 < 10 * MILLI, fixed);
    check('percentiles grow', fixed.p50 <= fixed.p90 && fixed.p90 <= fixed.p99 && fixed.p99 <= fixed.p999 && fixed.p999 <= fixed.max, fixed);
    const poisson = await withServer(answer, (url) => openLoop(url, { ...LOAD, poisson: true }));
    const expected = LOAD.rate * LOAD.seconds;
    check('Poisson arrivals: their number is right within five standard deviations', Math.abs(poisson.requests - expected) < 5 * Math.sqrt(expected), poisson);
    check('requests are orders with the token', wrong === 0, wrong);
}

async function checkPause() {
    let resume = Promise.resolve();
    const paused = await withServer((request, response) => { resume.then(() => created(response)); }, async (url) => {
        const result = openLoop(url, LOAD);
        await pause(2000);
        resume = pause(PAUSE_MS);
        return result;
    });
    check('a pause of 500 ms: all are answered', paused.requests === LOAD.rate * LOAD.seconds && paused.errors === 0, paused);
    check('99 % shows it', paused.p99 >= 400 * MILLI, paused);
    check('the greatest is the pause', paused.max >= 490 * MILLI && paused.max < 1000 * MILLI, paused);
    check('those before and after are not slow', paused.p50 < 20 * MILLI, paused);
}

/* 8 connections and 20 ms for an answer: 400 a second. Of 1000 a second the rest must be seen to wait. */
async function checkOverload() {
    const slow = await withServer(async (request, response) => { await pause(20); created(response); }, (url) => openLoop(url, { ...LOAD, seconds: 2, warmup: 0 }));
    check('a server too slow for the rate: waiting before the send counts', slow.requests === 2000 && slow.p50 > 1000 * MILLI && slow.max > 2500 * MILLI, slow);
}

async function checkErrors() {
    const short = { ...LOAD, seconds: 1, warmup: 0 };
    const refused = await withServer((request, response) => { response.writeHead(503, { 'content-length': 0 }); response.end(); }, (url) => openLoop(url, short));
    check('refusals are counted, their latency is not', refused.refused === 1000 && refused.errors === 1000 && refused.max === 0, refused);
    let count = 0;
    const cut = await withServer((request, response) => { if (++count % 10 === 0) request.socket.destroy(); else created(response); }, (url) => openLoop(url, short));
    check('broken connections are counted and opened again', cut.broken === 100 && cut.errors === 100 && cut.requests === 1000, cut);
    const closing = await withServer((request, response) => created(response, { connection: 'close' }), (url) => openLoop(url, short));
    check('connections that end in order are no errors', closing.requests === 1000 && closing.errors === 0, closing);
    const silent = await withServer(() => {}, (url) => openLoop(url, short));
    check('those never answered are counted, sent or not, with the time waited', silent.unanswered === 1000 && silent.p50 > 10_000 * MILLI, silent);
}

await buildOpenLoop();
await checkSteady();
await checkPause();
await checkOverload();
await checkErrors();
process.stdout.write(failures === 0 ? 'all good\n' : `${failures} failed\n`);
process.exitCode = failures === 0 ? 0 : 1;
