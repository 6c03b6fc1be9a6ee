// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Customers and orders that are there before a measurement begins, written by SQL straight into the tables.
 *
 * Customers are C0, C1, …, without a number: their orders' message row is born `skipped`, so both rows are written and nothing is sent.
 * The server must not run while SQLite's file is filled.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SQL = fileURLToPath(new URL('fill.sql', import.meta.url));
const SQLITE_SQL = fileURLToPath(new URL('fill-sqlite.sql', import.meta.url));

/* Rows of a transaction: its temporary table stays in memory. */
const CHUNK = 100_000;

const sqlitePath = (address) => (address.startsWith('sqlite:') ? address.slice('sqlite:'.length) : undefined);

/** Runs SQL by psql; resolves with what it printed. */
export function psql(address, ...args) {
    return execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', address, ...args], { encoding: 'utf8' }).trim();
}

/** @param {{phone?: string}} [options] `phone` in E.164, the same for all */
export async function fillCustomers(address, count, { phone } = {}) {
    const number = phone === undefined ? 'null' : `'${phone}'`;
    const path = sqlitePath(address);
    if (path === undefined) {
        psql(address, '-c', `insert into customers (id, code, name, phone, sms_opt_out, version, created_at, updated_at)
            select gen_random_uuid(), 'C' || i, 'Customer', ${number}, false, 1, now(), now() from generate_series(0, ${count - 1}) i`, '-c', 'analyze customers');
        return;
    }
    await execute(address, `with recursive number(i) as (select 0 union all select i + 1 from number where i < ${count - 1})
        insert into customers (id, code, name, phone, sms_opt_out, version, created_at, updated_at)
        select randomblob(16), 'C' || i, 'Customer', ${number}, 0, 1, unixepoch() * 1000, unixepoch() * 1000 from number`);
}

/**
 * Orders 1 to `rows` with their messages. Afterwards PostgreSQL's tables are vacuumed and analyzed, as those of a server that has stood a while.
 * @param {{state?: 'skipped' | 'queued'}} [options] of the messages; `queued` in the service's tables alone
 */
export async function fillOrders(address, rows, { state = 'skipped' } = {}) {
    const path = sqlitePath(address);
    if (path !== undefined) {
        await execute(address, readFileSync(SQLITE_SQL, 'utf8').replaceAll('@FILLED', String(rows)).replaceAll('@STATE', state));
        return;
    }
    const [turn, value] = state === 'queued' ? [', turn_at', ', time'] : ['', ''];
    for (let first = 1; first <= rows; first += CHUNK) {
        const last = Math.min(first + CHUNK - 1, rows);
        psql(address, '-v', `first=${first}`, '-v', `last=${last}`, '-v', `state=${state}`, '-v', `turn=${turn}`, '-v', `turn_value=${value}`, '-f', SQL);
    }
    psql(address, '-c', 'vacuum (analyze) orders', '-c', 'vacuum (analyze) messages');
}

/** The rows of one column, as texts, on either store. */
export async function query(address, sql) {
    const path = sqlitePath(address);
    if (path === undefined) return psql(address, '-c', sql).split('\n');
    return withSqlite(path, (database) => database.prepare(sql).all().map((row) => String(Object.values(row)[0])));
}

function execute(address, sql) {
    return withSqlite(sqlitePath(address), (database) => database.exec(sql));
}

/* Node calls its SQLite experimental and says so on every use; that one warning is left out. */
async function withSqlite(path, work) {
    const emit = process.emitWarning;
    process.emitWarning = () => {};
    const { DatabaseSync } = await import('node:sqlite');
    process.emitWarning = emit;
    const database = new DatabaseSync(path);
    try {
        return work(database);
    } finally {
        database.close();
    }
}
