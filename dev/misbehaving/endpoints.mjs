// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * How an endpoint of the misbehaving provider answers, honestly or not.
 *
 * A behaviour is `{kind, …}`, or a function `(request, response, document) => void`. `times: n` returns to honesty after n answers;
 * `delayMs` waits before any kind.
 *   ok                                     the document as JSON
 *   status       status, headers?, body?   any status
 *   redirect     to, status = 302
 *   body         body, type?               any body under 200
 *   html                                   an HTML page under 200
 *   hang                                   takes the request and never answers
 *   trickle      everyMs = 100             the document, a byte at a time
 *   reset                                  connection reset
 *   half                                   half the document under its whole length, then the connection closes
 *   huge         bytes = 5 MiB             the document, valid, padded with spaces
 *   gzip-bomb    bytes = 64 MiB            the same, compressed although nobody asked
 */
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

const MIB = 1024 * 1024;
const CHUNK = ' '.repeat(64 * 1024);

const KINDS = {
    ok: (call) => finish(call, 200, call.text),
    status: (call) => finish(call, call.behaviour.status, call.behaviour.body ?? '', call.behaviour.headers),
    redirect: (call) => finish(call, call.behaviour.status ?? 302, '', { location: call.behaviour.to }),
    body: (call) => finish(call, 200, call.behaviour.body, call.behaviour.type && { 'content-type': call.behaviour.type }),
    html: (call) => finish(call, 200, '<!doctype html><title>Sign in</title><h1>Sign in</h1>', { 'content-type': 'text/html' }),
    hang: () => {},
    trickle,
    reset: ({ request }) => request.socket.resetAndDestroy(),
    half,
    huge,
    'gzip-bomb': (call) => finish(call, 200, bomb(call), { 'content-encoding': 'gzip' }),
};

/** Throws on a behaviour that does not exist. */
export function checkBehaviour(behaviour) {
    if (typeof behaviour !== 'function' && !Object.hasOwn(KINDS, behaviour.kind)) {
        throw new Error(`unknown kind of behaviour "${behaviour.kind}"`);
    }
}

/**
 * Answers a request.
 * @param {object | Function} behaviour
 * @param {{request: object, response: object, document: object, signal: AbortSignal}} call
 */
export async function behave(behaviour, call) {
    const { request, response, document, signal } = call;
    if (typeof behaviour === 'function') return behaviour(request, response, document);
    if (behaviour.delayMs) await pause(behaviour.delayMs, undefined, { signal });
    return KINDS[behaviour.kind]({ ...call, behaviour, text: JSON.stringify(document) });
}

function finish({ response }, status, body, headers) {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers });
    response.end(body);
}

async function trickle({ response, behaviour: { everyMs = 100 }, text, signal }) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    for (const byte of Buffer.from(text)) {
        if (response.destroyed) return;
        response.write(Buffer.of(byte));
        await pause(everyMs, undefined, { signal });
    }
    response.end();
}

function half({ request, response, text }) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
}

async function huge({ response, behaviour: { bytes = 5 * MIB }, text }) {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (let sent = 0; sent < bytes && !response.destroyed; sent += CHUNK.length) {
        if (!response.write(CHUNK)) await drained(response);
    }
    response.end(text);
}

function drained(response) {
    return new Promise((resolve) => {
        const done = () => {
            response.off('drain', done);
            response.off('close', done);
            resolve();
        };
        response.on('drain', done);
        response.on('close', done);
    });
}

function bomb({ behaviour: { bytes = 64 * MIB }, text }) {
    return gzipSync(Buffer.concat([Buffer.alloc(bytes, ' '), Buffer.from(text)]));
}
