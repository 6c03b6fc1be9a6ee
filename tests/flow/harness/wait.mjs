// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Waiting for a condition, bounded. Nothing in these tests waits for a time to pass and then hopes.
 */
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 10;
/* Sanitizers on two busy cores are slow; a test that works never waits this long. */
const WITHIN_MS = 30_000;

/**
 * Asks until the answer is truthy, and returns it.
 * @template T
 * @param {string} what words for the failure
 * @param {() => T | Promise<T>} ask
 * @param {{within?: number}} [options] milliseconds
 * @returns {Promise<T>}
 */
export async function until(what, ask, { within = WITHIN_MS } = {}) {
    const deadline = Date.now() + within;
    for (;;) {
        const answer = await ask();
        if (answer) return answer;
        if (Date.now() > deadline) throw new Error(`${what}: not within ${within} ms`);
        await pause(POLL_MS);
    }
}

/**
 * Fails when a promise takes longer.
 * @template T
 * @param {string} what
 * @param {Promise<T>} promise
 * @param {number} [within] milliseconds
 * @returns {Promise<T>}
 */
export async function inTime(what, promise, within = WITHIN_MS) {
    const done = new AbortController();
    const late = pause(within, undefined, { signal: done.signal }).then(() => {
        throw new Error(`${what}: not within ${within} ms`);
    });
    late.catch(() => {});
    try {
        return await Promise.race([promise, late]);
    } finally {
        done.abort();
    }
}
