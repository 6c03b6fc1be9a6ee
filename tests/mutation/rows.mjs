// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of one file that have their witnesses in common, as a table.
 *
 *   ...rowsOf('src/auth/ticket.c', ['test_ticket'], ['login#RP-17'],
 *       ['id', 'from', 'to'],
 *       ['id', 'if (bad) return false;'],
 *       ['id', 'from', 'to', { flows: ['login#RP-18'], why: '…' }])
 */

/**
 * @param {string} file
 * @param {string[]} units
 * @param {string[]} flows
 * @param {...[string, string, string?, object?]} table id, from, to (see run.mjs for when it may be missing), and what differs
 */
export function rowsOf(file, units, flows, ...table) {
    return table.map(([id, from, to, more]) => ({ id, file, from, to, units, flows, ...more }));
}
