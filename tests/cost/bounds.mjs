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
        'order': { instructions: 171_200, allocations: 40.6, syscalls: 6.8, waits: 7.6, batches: 1.1, trips: 1.1, statements: 2.2 },
        'order ×64': { instructions: 146_800, allocations: 34.7, syscalls: 3.6, waits: 3.2, batches: 1.1, trips: 1.2, statements: 2.3 },
        'order with key ×64': { instructions: 169_700, allocations: 40.7, syscalls: 3.6, waits: 3.2, batches: 1.1, trips: 1.1, statements: 4.4 },
        'order and SMS ×64': { instructions: 198_500, allocations: 39.9, syscalls: 7.3, waits: 8.9, batches: 3.0, trips: 4.2, statements: 8.1 },
        'read': { instructions: 129_800, allocations: 21.5, syscalls: 6.7, waits: 7.6, trips: 1.1, statements: 1.1 },
        'read ×64': { instructions: 123_600, allocations: 18.6, syscalls: 3.5, waits: 3.5, trips: 1.2, statements: 70.5 },
    },
    sqlite: {
        'order': { instructions: 324_700, allocations: 84.6, syscalls: 36.3, waits: 12.2, batches: 1.1 },
        'order ×64': { instructions: 264_200, allocations: 92.8, syscalls: 8.9, waits: 4.9, batches: 3.8 },
        'order with key ×64': { instructions: 310_000, allocations: 108.6, syscalls: 11.0, waits: 4.9, batches: 4.5 },
        'order and SMS ×64': { instructions: 529_200, allocations: 228.9, syscalls: 15.7, waits: 9.6, batches: 14.1 },
        'read': { instructions: 131_200, allocations: 28.5, syscalls: 6.8, waits: 15.0 },
        'read ×64': { instructions: 131_900, allocations: 30.9, syscalls: 5.9, waits: 11.5 },
    },
};
