// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The client's journal: what it was about to send, and how that ended.
 *
 *   {phase: 'send', order, key, customer, item, amount_minor}     on disk before the first byte goes out
 *   {phase: 'end', order, status, id, body, replayed}             status null: no answer came
 *
 * A line that says "send" without its "end" is a try without an answer, as a client that died would have it.
 */
import { createHash } from 'node:crypto';
import { Journal } from '../../dev/gateway/journal.mjs';

export class Attempts {
    #journal;

    /** @param {string} path a file, made when missing */
    static async open(path) {
        const attempts = new Attempts();
        attempts.#journal = await Journal.open(path);
        return attempts;
    }

    /** Notes that a try is about to begin; resolves when that is on disk. */
    sending({ order, key, customer, item, amount_minor }) {
        return this.#journal.append([{ phase: 'send', order, key, customer, item, amount_minor }]);
    }

    /** Notes how a try ended; `reply` is undefined when no answer came. */
    ended({ order }, reply) {
        return this.#journal.append([{ phase: 'end', order, ...outcomeOf(reply) }]);
    }

    /** Every order attempted, with its tries. */
    all() {
        return fold(this.#journal.entries());
    }

    close() {
        return this.#journal.close();
    }
}

function outcomeOf(reply) {
    if (reply === undefined) return { status: null };
    const { status, text, headers } = reply;
    const id = status < 300 ? JSON.parse(text).id : null;
    return { status, id, body: createHash('sha256').update(text).digest('hex').slice(0, 16), replayed: 'idempotency-replayed' in headers };
}

/**
 * From lines to orders.
 * @param {object[]} lines
 * @returns {{order: number, key: string | null, customer: string, item: string, amount_minor: number, tries: object[]}[]}
 */
export function fold(lines) {
    const orders = new Map();
    const open = new Map();
    for (const { phase, order, ...rest } of lines) {
        if (phase === 'send') {
            if (!orders.has(order)) orders.set(order, { order, ...rest, tries: [] });
            open.set(order, (open.get(order) ?? 0) + 1);
        } else {
            orders.get(order).tries.push(rest);
            open.set(order, open.get(order) - 1);
        }
    }
    for (const [order, count] of open) {
        for (let i = 0; i < count; i++) orders.get(order).tries.push({ status: null });
    }
    return [...orders.values()];
}
