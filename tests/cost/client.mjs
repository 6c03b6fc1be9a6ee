// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Keep-alive connections whose requests arrive together.
 *
 * To make "together" mean the same on a busy machine, the service is stopped (SIGSTOP) while the requests are written, and goes on when all of
 * them lie in its sockets. So a group is one batch because of the service, not because of the scheduler. IPv4 and Linux only: /proc tells.
 */
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const HELD_WITHIN_MS = 5000;
const HELD_POLL_MS = 1;
const ANSWER_WITHIN_MS = 20_000;

export class Client {
    #service;
    #token;
    #connections;

    /** @param {{service: {url: string, pid: number}, token: string, count: number}} options */
    static async open({ service, token, count }) {
        const client = new Client();
        const { hostname, port } = new URL(service.url);
        client.#service = service;
        client.#token = token;
        client.#connections = await Promise.all(Array.from({ length: count }, async () => {
            const socket = connect({ host: hostname, port, noDelay: true });
            await once(socket, 'connect');
            return new Connection(socket);
        }));
        return client;
    }

    /**
     * Sends one group, one request on each connection; resolves with the answers, in order.
     * @param {{method: string, target: string, headers?: Record<string, string>, body?: string}[]} requests
     * @returns {Promise<{status: number, json: any}[]>}
     */
    async together(requests) {
        const texts = requests.map((request) => this.#format(request));
        if (texts.length === 1) return [await this.#connections[0].exchange(texts[0])];
        const { pid } = this.#service;
        await until('the service has nothing to do', () => areAll(pid, /^S$/)); /* stopped in mid-turn, it would split the group */
        process.kill(pid, 'SIGSTOP');
        await until('the service stops', () => areAll(pid, /^[Tt]$/)); /* t: under strace */
        const answers = Promise.all(texts.map((text, i) => this.#connections[i].exchange(text)));
        await until('the requests arrive', () => haveArrived(this.#connections, texts));
        process.kill(pid, 'SIGCONT');
        return answers;
    }

    close() {
        for (const connection of this.#connections) connection.close();
    }

    #format({ method, target, headers = {}, body }) {
        const all = { host: 'cost.test', authorization: `Bearer ${this.#token}`, ...headers };
        if (body !== undefined) Object.assign(all, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
        const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
        return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
    }
}

/** One connection with at most one request on its way. */
class Connection {
    #socket;
    #received = '';
    #settle;

    constructor(socket) {
        this.#socket = socket;
        socket.setEncoding('latin1'); /* one character is one byte, so that lengths count */
        socket.on('data', (text) => this.#take(text));
        socket.on('error', (error) => this.#settle?.reject(error));
        socket.on('close', () => this.#settle?.reject(new Error('the service closed a connection')));
    }

    /** The service's port and ours. */
    get ports() {
        return `${this.#socket.remotePort}-${this.#socket.localPort}`;
    }

    exchange(text) {
        const answer = new Promise((resolve, reject) => { this.#settle = { resolve, reject }; });
        const timer = setTimeout(() => this.#settle?.reject(new Error('no answer came')), ANSWER_WITHIN_MS);
        this.#socket.write(text);
        return answer.finally(() => {
            clearTimeout(timer);
            this.#settle = undefined;
        });
    }

    close() {
        this.#socket.destroy();
    }

    #take(text) {
        this.#received += text;
        const head = this.#received.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = Number(/\r\ncontent-length: *([0-9]+)/i.exec(this.#received.slice(0, head))?.[1]);
        const end = head + 4 + length;
        if (this.#received.length < end) return;
        const answer = { status: Number(this.#received.slice(9, 12)), json: JSON.parse(this.#received.slice(head + 4, end)) };
        this.#received = this.#received.slice(end);
        this.#settle.resolve(answer);
    }
}

async function until(what, isSo) {
    for (const deadline = Date.now() + HELD_WITHIN_MS; !isSo(); await pause(HELD_POLL_MS)) {
        if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    }
}

/* Whether all threads are in such a state, by the letters of proc(5). A signal takes its time: until the last has stopped, it may still read. */
function areAll(pid, state) {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
        const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
        return state.test(stat[stat.lastIndexOf(')') + 2]);
    });
}

/* Whether the service's ends of these connections hold the texts, unread. */
function haveArrived(connections, texts) {
    const unread = new Map();
    for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1, -1)) {
        const [, local, remote, , queues] = line.trim().split(/ +/);
        unread.set(`${portOf(local)}-${portOf(remote)}`, Number.parseInt(queues.split(':')[1], 16));
    }
    return texts.every((text, i) => unread.get(connections[i].ports) === Buffer.byteLength(text));
}

/* "0100007F:1F90" is 127.0.0.1:8080. */
function portOf(address) {
    return Number.parseInt(address.split(':')[1], 16);
}
