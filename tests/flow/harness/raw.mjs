// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * A connection byte by byte, for requests that no honest client makes, and a reader of the answers.
 *
 *   const answers = await raw(service.address, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');       until the service closes or `count` answers
 *   const line = await connectRaw(service.address); line.write(…); await line.answer(); await line.closed(); line.end()
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { keep } from './cleanup.mjs';
import { inTime } from './wait.mjs';

/* Closed with the file, so that a test that failed half way does not keep the process. */
const open = keep({
    sockets: new Set(),
    close() { for (const socket of this.sockets) socket.destroy(); },
});

/** One connection. `received` is all that came so far. */
export class RawConnection {
    #socket;
    #changed = () => {}; /* wakes who waits for more, or for the end */
    #read = 0; /* bytes of `received` that answer() has returned */
    received = Buffer.alloc(0);
    isClosed = false;

    constructor(socket) {
        this.#socket = socket;
        open.sockets.add(socket);
        socket.on('data', (piece) => {
            this.received = Buffer.concat([this.received, piece]);
            this.#changed();
        });
        socket.on('error', () => {}); /* a reset is an end like others; `close` follows */
        for (const event of ['end', 'close']) socket.on(event, () => this.#close());
        socket.on('close', () => open.sockets.delete(socket));
    }

    #close() {
        this.isClosed = true;
        this.#changed();
    }

    #change() {
        return new Promise((resolve) => { this.#changed = resolve; });
    }

    /** Sends bytes; resolves when the kernel has them. Writing to a connection that has ended is no error. */
    write(bytes) {
        return new Promise((resolve) => { this.#socket.write(bytes, resolve); });
    }

    /** The next whole answer; undefined when the connection ends before it. */
    async answer({ within, head = false } = {}) {
        const read = async () => {
            for (;;) {
                const { answer, rest } = nextAnswer(this.received.subarray(this.#read), { head, ended: this.isClosed });
                if (answer) {
                    this.#read = this.received.length - rest.length;
                    return answer;
                }
                if (this.isClosed) return undefined;
                await this.#change();
            }
        };
        return inTime('an answer', read(), within);
    }

    /** Resolves when the service has closed the connection. */
    async closed(within) {
        const wait = async () => {
            while (!this.isClosed) await this.#change();
        };
        await inTime('the end of the connection', wait(), within);
    }

    /** Ends our half, as a client that has said all. */
    finish() {
        this.#socket.end();
    }

    end() {
        this.#socket.destroy();
    }
}

/** @param {{host: string, port: number}} address */
export async function connectRaw(address) {
    const socket = connect({ ...address, noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawConnection(socket);
}

/**
 * Sends bytes on a connection of its own and reads `count` answers, or until the service closes.
 * @param {{host: string, port: number}} address
 * @param {string | Buffer} bytes strings are sent as Latin-1, so that "\xff" is one byte
 * @param {{count?: number, within?: number}} [options]
 */
export async function raw(address, bytes, { count = 1, within } = {}) {
    const line = await connectRaw(address);
    await line.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    const answers = [];
    while (answers.length < count) {
        const answer = await line.answer({ within });
        if (!answer) break;
        answers.push(answer);
    }
    line.end();
    return answers;
}

/**
 * The whole answers in what was received on a connection that was asked for no HEAD: `{status, headers, text, json}`.
 * @param {Buffer} bytes
 * @param {{ended?: boolean}} [options] whether more may come
 */
export function parseAnswers(bytes, { ended = false } = {}) {
    const answers = [];
    for (let next = nextAnswer(bytes, { ended }); next.answer; next = nextAnswer(next.rest, { ended })) answers.push(next.answer);
    return answers;
}

/* The first whole answer and what stands behind it; interim ones (100) are skipped. */
function nextAnswer(bytes, { head = false, ended = false }) {
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) return {};
    const [statusLine, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    const status = Number(statusLine.split(' ')[1]);
    const body = bytes.subarray(headEnd + 4);
    if (status < 200) return nextAnswer(body, { head, ended });
    const length = head || status === 204 || status === 304 ? 0 : bodyLength(headers, body, ended);
    if (length === undefined || body.length < length) return {};
    const text = body.subarray(0, length).toString('utf8');
    return { answer: { status, headers, text, json: parseJson(text) }, rest: body.subarray(length) };
}

/* The service writes Content-Length always; without one the body ends with the connection. */
function bodyLength(headers, body, ended) {
    if (headers['content-length'] !== undefined) return Number(headers['content-length']);
    return ended ? body.length : undefined;
}

function parseJson(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
