// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Numbers that look random and come again with the same seed, so that a run that found something can be asked for again.
 *
 * Mulberry32: 32 bits of state are plenty for choosing moments and payloads. Timing stays the machine's own, so the same seed means the same
 * choices, not the same interleaving.
 */

export class Random {
    #state;

    /** @param {number} seed any integer */
    constructor(seed) {
        this.#state = seed >>> 0;
    }

    /** From 0 up to, not including, 1. */
    fraction() {
        this.#state = (this.#state + 0x6d2b79f5) >>> 0;
        let mixed = this.#state;
        mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    }

    /** An integer from `least` to `most`, both included. */
    integer(least, most) {
        return least + Math.floor(this.fraction() * (most - least + 1));
    }

    /** True in this share of the calls. */
    chance(share) {
        return this.fraction() < share;
    }
}
