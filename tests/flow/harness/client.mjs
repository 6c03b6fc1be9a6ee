// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The HTTP client of the tests: says exactly what it is told, follows and retries nothing, keeps connections alive.
 *
 * An answer is `{status, headers, bytes, text, json}`; header names are lower case; `json` is undefined where the body is none.
 */
import { Agent, request as httpRequest } from 'node:http';

const GIVE_UP_MS = 60_000;

export class Client {
    #base;
    #agent;
    #token;

    /**
     * @param {string} base for example `http://127.0.0.1:8080`
     * @param {{token?: string | (() => string), agent?: Agent}} [options]
     */
    constructor(base, { token, agent = new Agent({ keepAlive: true, maxSockets: 256 }) } = {}) {
        this.#base = base;
        this.#agent = agent;
        this.#token = token;
    }

    /** The same connections, with another token; `null` sends none. */
    with(token) {
        return new Client(this.#base, { token, agent: this.#agent });
    }

    /**
     * One request.
     * @param {string} method
     * @param {string} target
     * @param {{headers?: object, json?: unknown, body?: string | Buffer, type?: string, query?: object, key?: string}} [options]
     *        `json` is encoded; `body` goes out as it is, with `type`; `key` is the Idempotency-Key
     */
    async request(method, target, { headers = {}, json, body, type = 'application/json', query, key } = {}) {
        const content = json === undefined ? body : JSON.stringify(json);
        const token = typeof this.#token === 'function' ? this.#token() : this.#token;
        const options = {
            method,
            agent: this.#agent,
            headers: {
                ...(token && { authorization: `Bearer ${token}` }),
                ...(content !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(content) }),
                ...(key !== undefined && { 'idempotency-key': key }),
                ...headers,
            },
        };
        for (const [name, value] of Object.entries(options.headers)) if (value === undefined) delete options.headers[name];
        return exchange(`${this.#base}${target}${query ? `?${new URLSearchParams(query)}` : ''}`, options, content);
    }

    get(target, options) {
        return this.request('GET', target, options);
    }

    post(target, json, options) {
        return this.request('POST', target, { json, ...options });
    }

    close() {
        this.#agent.destroy();
    }
}

function exchange(url, options, content) {
    return new Promise((resolve, reject) => {
        const request = httpRequest(url, options, (response) => {
            const pieces = [];
            response.on('data', (piece) => pieces.push(piece));
            response.on('error', reject);
            response.on('end', () => resolve(answer(response, Buffer.concat(pieces))));
        });
        request.setTimeout(GIVE_UP_MS, () => request.destroy(new Error(`${options.method} ${url}: no answer`)));
        request.on('error', reject);
        request.end(content);
    });
}

function answer(response, bytes) {
    const text = bytes.toString('utf8');
    return { status: response.statusCode, headers: response.headers, bytes, text, json: parse(text) };
}

function parse(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
