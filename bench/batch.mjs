// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * A pgbench script that writes orders as the service does: its own two statements (src/store/postgres/sql.def), ROWS rows a transaction.
 *
 * The statements are taken from the source by the compiler's preprocessor, so that they are the same today and after the next change. Each
 * parameter becomes an array by the name that the statement gives to its column; a name that is not known here ends the bench. What differs from row
 * to row is a text that pgbench binds; identifiers are completed with the transaction's time, so that they grow as the service's do.
 * Begin, both inserts and commit leave in one pipeline. This is the limit for the service: nothing parses a request, checks a token, looks
 * a customer up or answers anybody.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { psql } from './fill.mjs';

export const ROWS = 256;
/* By kind of row, in the order of their execution: the statement of a first try where there is one of its own. */
const STATEMENTS = { orders: ['ORDERS_INSERT_NEW', 'ORDERS_INSERT'], messages: ['MESSAGES_INSERT'] };
const TEXT = 'Dear Customer, we have received your order of Maize flour, bag 1234, KES 1,234.00, on 1 Mar 2026 12:00 EAT. Ref 0199ABCD.';
const STAMP = 'TTTTTTTT-TTTT-7TTT-8CCC';

/* As the service's sessions (src/store/postgres/connection.c): plans are made once, and go by the indexes. */
export const SESSION = ['plan_cache_mode=force_generic_plan', 'enable_seqscan=off', 'enable_bitmapscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off',
    'max_parallel_workers_per_gather=0', 'jit=off'].map((setting) => `-c ${setting}`).join(' ');

/* The time in microseconds and the client's number, in the place of STAMP; the same in all statements of a transaction. */
const MICROS = '(extract(epoch from now()) * 1000000)::int8';
const MILLIS_HEX = `lpad(to_hex(${MICROS} / 1000), 12, '0')`;
const NOW_STAMP = `substr(${MILLIS_HEX}, 1, 8) || '-' || substr(${MILLIS_HEX}, 9) || '-7' || lpad(to_hex(${MICROS} % 1000), 3, '0') || '-8'
    || lpad(to_hex(:client_id::int8), 3, '0')`;

const stamped = (variable) => `replace(:${variable}, '${STAMP}', ${NOW_STAMP})`;
const same = (value) => `array_fill(${value}, array[${ROWS}])`;

/* By kind of row and column: an expression for the whole array. */
const COLUMNS = {
    orders: {
        id: stamped('order_ids'), customer_id: ':customer_ids', item: ':items', amount_minor: ':amounts', currency: same("'KES'::text"),
        at: same('now()'), external_ref: same('null::text'), created_by: same("'bench'::text"), version: same('1::int8'), created_at: same('now()'),
        updated_at: same('now()'), key: same('null::bytea'), customer_version: same('1::int8'),
    },
    messages: {
        id: stamped('message_ids'), order_id: stamped('order_ids'), customer_id: ':customer_ids', recipient: same('null::text'), body: ':bodies',
        encoding: same("'gsm7'::text"), parts: same('1::int4'), state: same("'skipped'::text"), failure: same("'the customer has no phone number'::text"),
        due_at: same('now()'), expires_at: same("now() + interval '1 day'"), created_at: same('now()'),
    },
};

/** Writes the script into the folder; resolves with its path and pgbench's variables for the customers of that database. */
export function makeBatch(folder, address) {
    const script = join(folder, 'batch.sql');
    const inserts = Object.entries(STATEMENTS).map(([kind, names]) => `${bind(kind, readStatement(names))};`);
    writeFileSync(script, ['\\startpipeline', 'begin;', ...inserts, 'commit;', '\\endpipeline', ''].join('\n'));
    return { script, variables: makeVariables(psql(address, '-c', 'select id from customers').split('\n')) };
}

/* The text of the first of these statements that sql.def has: C literals that stand beside each other are one. */
function readStatement(names) {
    const source = '#define STATEMENT(kind, name, ...) @name __VA_ARGS__\n#include "store/postgres/sql.def"\n';
    const text = execFileSync('cc', ['-E', '-P', '-I', 'src', '-x', 'c', '-'], { input: source, encoding: 'utf8' });
    const statements = new Map(text.split('@').map((part) => [part.split(/\s/, 1)[0], part]));
    const name = names.find((each) => statements.has(each));
    if (name === undefined) throw new Error(`src/store/postgres/sql.def has no statement ${names.join(' or ')}`);
    return statements.get(name).match(/"(?:[^"\\]|\\.)*"/g).map((literal) => JSON.parse(literal)).join('');
}

/* Puts the arrays in the place of $1, $2, … */
function bind(kind, text) {
    const [, parameters, , names] = /unnest\(((\$\d+::\w+\[\](?:, )?)+)\)(?: with ordinality)? as \w+\(([^)]*)\)/.exec(text) ?? [];
    if (names === undefined) throw new Error(`the ${kind} come in a way that bench/batch.mjs does not know`);
    const columns = names.split(', ');
    const columnOf = new Map(parameters.match(/(?<=\$)\d+/g).map((number, place) => [number, columns[place]]));
    return text.replace(/\$(\d+)/g, (_, number) => {
        const array = COLUMNS[kind][columnOf.get(number)];
        if (array === undefined) throw new Error(`the ${kind} have a column "${columnOf.get(number)}" that bench/batch.mjs does not know`);
        return `(${array})`;
    });
}

function makeVariables(customers) {
    const array = (value) => `{${Array.from({ length: ROWS }, (_, row) => `"${value(row)}"`).join(',')}}`;
    const id = (row, kind) => `${STAMP}-${kind}${row.toString(16).padStart(11, '0')}`;
    return {
        order_ids: array((row) => id(row, '0')),
        message_ids: array((row) => id(row, '1')),
        customer_ids: array((row) => customers[row % customers.length]),
        items: array((row) => `Maize flour, bag ${row}`),
        amounts: array((row) => 10000 + row * 137),
        bodies: array(() => TEXT),
    };
}

/** How many orders and messages are there. */
export function countRows(address) {
    const [orders, messages] = psql(address, '-c', 'select (select count(*) from orders), (select count(*) from messages)').split('|').map(Number);
    return { orders, messages };
}
