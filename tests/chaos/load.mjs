// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The clients of a chaos run: many connections that post orders and write down everything they see.
 *
 * Of the orders some carry a key and some do not; some are posted twice at the same time under one key; some name a customer that does not
 * exist, so that a refusal can be told from a loss. A client whose connection breaks waits until the service is back; an order with a
 * key is then sent again by half of them at once, by the others after the last kill (`settle`), as hurried and patient clients do.
 */
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const ANSWER_WITHIN_MS = 10_000;
const SETTLE_TRIES = 20;
const SHARES = { keyed: 0.7, twin: 0.1, stranger: 0.05, hurried: 0.5 };

export class Load {
    #agent;
    #url;
    #token;
    #attempts;
    #codes;
    #random;
    #numbering;
    #think;
    #stopped = false;
    #back = Promise.resolve();
    #announce = () => {};

    /**
     * @param {object} options
     * @param {string} options.url of the service
     * @param {string} options.token
     * @param {import('./attempts.mjs').Attempts} options.attempts
     * @param {string[]} options.codes of the customers
     * @param {import('./random.mjs').Random} options.random
     * @param {number} options.connections
     * @param {{last: number}} [options.numbering] of orders, shared by loads of one run
     * @param {number} [options.think] milliseconds at most between two orders of one client
     */
    constructor({ url, token, attempts, codes, random, connections, numbering = { last: 0 }, think = 20 }) {
        this.#agent = new Agent({ keepAlive: true, maxSockets: connections * 2 });
        this.#url = url;
        this.#token = token;
        this.#attempts = attempts;
        this.#codes = codes;
        this.#random = random;
        this.#numbering = numbering;
        this.#think = think;
    }

    /** One client: posts until `stop`. */
    async run() {
        while (!this.#stopped) {
            await this.#back;
            await this.#order();
            await pause(this.#random.integer(0, this.#think));
        }
    }

    /** The service is about to go: clients that fail wait for `serviceBack`. */
    serviceGone() {
        this.#back = new Promise((resolve) => { this.#announce = resolve; });
    }

    serviceBack() {
        this.#announce();
    }

    stop() {
        this.#stopped = true;
        this.#announce();
    }

    /** Sends every order that has a key and no final answer again, until it has one. */
    async settle() {
        const open = this.#attempts.all().filter(({ key, tries }) => key !== null && !tries.some(isFinal));
        await Promise.all(open.map(async (order) => {
            for (let i = 0; i < SETTLE_TRIES; i++) {
                if (isFinal(await this.#post(order) ?? { status: null })) return;
                await pause(this.#random.integer(50, 250));
            }
        }));
    }

    close() {
        this.#agent.destroy();
    }

    async #order() {
        const order = this.#next();
        const twin = order.key !== null && this.#random.chance(SHARES.twin);
        const replies = await Promise.all(twin ? [this.#post(order), this.#post(order)] : [this.#post(order)]);
        if (replies.some((reply) => reply !== undefined)) return;
        await this.#back;
        if (order.key !== null && !this.#stopped && this.#random.chance(SHARES.hurried)) await this.#post(order);
    }

    #next() {
        const order = ++this.#numbering.last;
        const random = this.#random;
        const stranger = random.chance(SHARES.stranger);
        return {
            order,
            key: random.chance(SHARES.keyed) ? `chaos:${order}` : null,
            customer: stranger ? 'NOBODY' : this.#codes[random.integer(0, this.#codes.length - 1)],
            item: `Parcel ${order}`,
            amount_minor: random.integer(0, 10_000_000),
        };
    }

    async #post(order) {
        await this.#attempts.sending(order);
        const reply = await this.#exchange(order).catch(() => undefined);
        await this.#attempts.ended(order, reply);
        return reply;
    }

    async #exchange({ key, customer, item, amount_minor: minor }) {
        const amount = `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
        const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
        if (key !== null) headers['idempotency-key'] = key;
        return exchange(`${this.#url}/v1/orders`, { agent: this.#agent, headers, body: { customer, item, amount } });
    }
}

function isFinal({ status }) {
    return status !== null && status < 500;
}

/** Posts JSON; resolves with the whole answer, rejects when none came whole. */
export function exchange(url, { agent, headers, body }) {
    return new Promise((resolve, reject) => {
        const text = JSON.stringify(body);
        const sent = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': Buffer.byteLength(text) } });
        sent.setTimeout(ANSWER_WITHIN_MS, () => sent.destroy(new Error('no answer in time')));
        sent.on('error', reject);
        sent.on('response', (response) => {
            let answer = '';
            response.setEncoding('utf8');
            response.on('data', (chunk) => { answer += chunk; });
            response.on('error', reject);
            response.on('close', () => (response.complete
                ? resolve({ status: response.statusCode, headers: response.headers, text: answer })
                : reject(new Error('the answer was cut'))));
        });
        sent.end(text);
    });
}
