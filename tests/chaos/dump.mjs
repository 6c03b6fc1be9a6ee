// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What stands in the database at the end of a run, read past the service: with SQLite's and PostgreSQL's own programs.
 *
 * Both give the same members; identifiers are UUID text, `history` is parsed. Whole tables are held in memory.
 */
import { execFileSync } from 'node:child_process';

/* Node 22 calls its SQLite experimental on stderr, where this would be the only line. */
const { emitWarning } = process;
process.emitWarning = () => {};
const { DatabaseSync } = await import('node:sqlite');
process.emitWarning = emitWarning;

const ROWS_MAX_BYTES = 1024 * 1024 * 1024;

/**
 * Reads an SQLite file; the service must have ended.
 * @param {string} path
 */
export function dumpSqlite(path) {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
        const id = (column) => `lower(hex(${column}))`;
        return complete((sql) => database.prepare(sql).all(), { id, time: (column) => column });
    } finally {
        database.close();
    }
}

/**
 * Reads a PostgreSQL database.
 * @param {string} address `postgres://…`
 * @param {{commits?: boolean}} [options] `commits`: when each order was committed, as `committed`; the server runs with track_commit_timestamp
 */
export function dumpPostgres(address, { commits = false } = {}) {
    return complete((sql) => {
        const text = execFileSync('psql', ['-XAtq', '-d', address, '-c', `select row_to_json(t) from (${sql}) t`], {
            encoding: 'utf8', maxBuffer: ROWS_MAX_BYTES,
        });
        return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    }, {
        id: (column) => `replace(${column}::text, '-', '')`,
        time: (column) => `(extract(epoch from ${column}) * 1000)::int8`,
        committed: commits ? ', floor(extract(epoch from pg_xact_commit_timestamp(o.xmin)) * 1000)::int8 as committed' : '',
    });
}

/* `id` and `time` write a column as hexadecimal digits and as milliseconds. */
function complete(query, { id, time, committed = '' }) {
    const orders = query(`select ${id('o.id')} as id, c.code as customer, o.item, o.amount_minor, o.currency${committed}
        from orders o join customers c on c.id = o.customer_id`);
    const messages = query(`select ${id('id')} as id, ${id('order_id')} as order_id, event, "to", body, state, attempts, failure, provider_id, history,
        ${time('lease_until')} as lease_until from messages`);
    return {
        customers: query('select code from customers'),
        orders: orders.map((row) => ({ ...row, id: uuid(row.id) })),
        messages: messages.map((row) => ({ ...row, id: uuid(row.id), order_id: uuid(row.order_id), history: JSON.parse(`[${row.history.slice(1)}]`) })),
    };
}

function uuid(hex) {
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
