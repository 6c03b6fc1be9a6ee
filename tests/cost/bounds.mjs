// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The most that a request may cost (`make cost`; run.mjs says what each count is, and of what).
 *
 * Made by `make cost COST=--print`, which prints this file anew from what is measured; paste it when a count went down, so that it stays
 * there. A bound that must go up is a decision: say in the commit what the cost buys. Debian 12's gcc and libraries, x86-64 with AVX2.
 */
export const BOUNDS = {
    postgres: {
        'order': { instructions: 180_100, allocations: 41.6, syscalls: 6.8, waits: 7.6, batches: 1.1, trips: 1.1, statements: 3.3 },
        'order ×64': { instructions: 148_500, allocations: 34.7, syscalls: 3.6, waits: 3.2, batches: 1.1, trips: 1.2, statements: 3.4 },
        'order with key ×64': { instructions: 172_300, allocations: 40.7, syscalls: 3.6, waits: 3.2, batches: 1.1, trips: 1.2, statements: 5.6 },
        'order and SMS ×64': { instructions: 199_700, allocations: 39.9, syscalls: 7.3, waits: 8.8, batches: 3.0, trips: 4.0, statements: 9.2 },
        'read': { instructions: 130_300, allocations: 21.6, syscalls: 6.7, waits: 7.6, trips: 1.1, statements: 1.1 },
        'read ×64': { instructions: 124_500, allocations: 18.6, syscalls: 3.5, waits: 3.4, trips: 1.2, statements: 70.5 },
    },
    sqlite: {
        'order': { instructions: 370_300, allocations: 91.3, syscalls: 46.5, waits: 12.8, batches: 1.1 },
        'order ×64': { instructions: 293_800, allocations: 100.3, syscalls: 10.8, waits: 4.9, batches: 3.4 },
        'order with key ×64': { instructions: 341_700, allocations: 116.1, syscalls: 12.1, waits: 4.8, batches: 3.5 },
        'order and SMS ×64': { instructions: 563_000, allocations: 236.6, syscalls: 15.8, waits: 9.4, batches: 12.9 },
        'read': { instructions: 132_400, allocations: 28.7, syscalls: 6.7, waits: 12.8 },
        'read ×64': { instructions: 128_400, allocations: 30.9, syscalls: 6.2, waits: 12.3 },
    },
};
