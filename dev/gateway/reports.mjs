// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Delivery reports: form-encoded POSTs from the gateway stand-in to the callback URL, unsigned like the vendor's.
 *
 * Reports of one message go out one after another, each once: the vendor's retry rules are not published, so a refused report is only
 * noted. `sent` lists what went out and how it was answered. Nothing is sent without a callback URL.
 */
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const ANSWER_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 16;

export class Reports {
    #agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS });
    #settings;
    #ending = new AbortController();
    #running = new Set();
    #sent = [];

    /** @param {() => object} settings the settings in force (`rules.mjs`) */
    constructor(settings) {
        this.#settings = settings;
    }

    /** Every form that went out: `{time, url, fields, status}`; status 0 means nobody answered. */
    sent() {
        return [...this.#sent];
    }

    clear() {
        this.#sent = [];
    }

    /**
     * Reports on a message, each status after the other; resolves when the last was answered.
     * @param {{messageId: string, number: string}} recipient
     * @param {string[]} statuses
     * @param {number} delayMs before each
     */
    async tell(recipient, statuses, delayMs) {
        if (this.#settings().callback === '') return;
        await this.#track(this.#tellAll(recipient, statuses, delayMs));
    }

    /** Posts any form to a URL (the callback's by default): opt-outs, orphan reports, unknown words. */
    post(fields, url = this.#settings().callback) {
        if (url === '') throw new Error('no callback URL is set');
        return this.#track(this.#post(url, fields));
    }

    /** Stops at once; reports that wait are dropped. */
    async close() {
        this.#ending.abort();
        this.#agent.destroy();
        await Promise.allSettled(this.#running);
    }

    async #tellAll({ messageId, number }, statuses, delayMs) {
        const { callback, networkCode } = this.#settings();
        for (const status of statuses) {
            if (delayMs > 0) await pause(delayMs, undefined, { signal: this.#ending.signal });
            await this.#post(callback, { id: messageId, status, phoneNumber: number, networkCode, ...reasonFor(status) });
        }
    }

    async #post(url, fields) {
        const entry = { time: new Date().toISOString(), url, fields, status: 0 };
        this.#sent.push(entry);
        entry.status = await postForm(url, fields, this.#agent).catch(() => 0);
        return entry.status;
    }

    async #track(promise) {
        const done = promise.catch((error) => { if (error.name !== 'AbortError') throw error; });
        this.#running.add(done);
        try {
            return await done;
        } finally {
            this.#running.delete(done);
        }
    }
}

function reasonFor(status) {
    return status === 'Failed' || status === 'Rejected' ? { failureReason: 'DeliveryFailure' } : {};
}

function postForm(url, fields, agent) {
    const body = new URLSearchParams(fields).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
        const outgoing = request(url, { method: 'POST', agent, headers, timeout: ANSWER_TIMEOUT_MS }, (reply) => {
            reply.resume();
            reply.on('end', () => resolve(reply.statusCode));
            reply.on('error', reject);
        });
        outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
        outgoing.on('error', reject);
        outgoing.end(body);
    });
}
