// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The goals, and what a run reached of them. A goal whose figures were not measured says so.
 */
import { bestBatch } from './measurements/limits.mjs';
import { mebis, micros, millis, ratio, table, whole } from './words.mjs';

const percent = (value) => `${ratio(100 * value)} %`;
const times = (value) => `${ratio(value)} ×`;
const atLeast = (bound) => (value) => value >= bound;
const below = (bound) => (value) => value < bound;

/* A ratio of two figures' members, undefined when one of them is missing. */
function quotient(results, [dividend, divisor], member = 'rate') {
    const [above, under] = [dividend, divisor].map((path) => results.figure(path)?.[member]);
    return above === undefined || under === undefined ? undefined : above / under;
}

function greatest(results, paths, member) {
    const values = paths.map((path) => results.figure(path)?.[member]);
    return values.includes(undefined) ? undefined : Math.max(...values);
}

const PG = 'orders/agizo-postgres';

/* words, the wanted in words, value (results), whether it is enough, how it is written */
const GOALS = [
    ['orders/s, PostgreSQL, against Go', '≥ 12 ×', (results) => quotient(results, [PG, 'orders/go']), atLeast(12), times],
    ['orders/s, PostgreSQL, against Fastify', '≥ 20 ×', (results) => quotient(results, [PG, 'orders/fastify']), atLeast(20), times],
    ['orders/s, PostgreSQL, against Django REST framework', '≥ 90 ×', (results) => quotient(results, [PG, 'orders/django']), atLeast(90), times],
    ['orders/s, PostgreSQL, of pgbench\'s batches of 256', '≥ 50 %', batchShare, atLeast(0.5), percent],
    ['99 % at half the peak, PostgreSQL', '< 15 ms', (results) => results.figure('latency/agizo-postgres')?.p99, below(15_000), micros],
    ['99 % at half the peak, SQLite', '< 15 ms', (results) => results.figure('latency/agizo-sqlite')?.p99, below(15_000), micros],
    ['50 % at one connection, PostgreSQL, against Go', '≤ 1 ×', (results) => quotient(results, ['single/agizo-postgres', 'single/go'], 'p50'), (value) => value <= 1, times],
    ['99 % at one connection, PostgreSQL, against Go', '≤ 1 ×', (results) => quotient(results, ['single/agizo-postgres', 'single/go'], 'p99'), (value) => value <= 1, times],
    ['orders/s, SQLite, against PostgreSQL', '≥ 1.5 ×', (results) => quotient(results, ['orders/agizo-sqlite', PG]), atLeast(1.5), times],
    ['reads by id/s, PostgreSQL, against Go', '≥ 3 ×', (results) => quotient(results, ['reads/agizo-postgres', 'reads/go']), atLeast(3), times],
    ['SMS/s at 64 calls of 20 ms, PostgreSQL', '≥ 2,000', (results) => results.figure('sms/postgres-64')?.rate, atLeast(2000), whole],
    ['SMS/s at 64 calls of 20 ms, SQLite', '≥ 2,000', (results) => results.figure('sms/sqlite-64')?.rate, atLeast(2000), whole],
    ['memory under load at 512 connections, either store', '< 64 MB', (results) => greatest(results, ['memory/agizo-postgres', 'memory/agizo-sqlite'], 'peak'), below(64e6 / 1024), mebis],
    ['start until ready, either store', '< 50 ms', (results) => greatest(results, ['start/agizo-postgres', 'start/agizo-sqlite'], 'ready'), below(50), millis],
];

function batchShare(results) {
    const rate = results.figure(PG)?.rate;
    const best = bestBatch(results);
    return rate === undefined || best === undefined ? undefined : rate / best;
}

/** The table of goals. */
export function formatGoals(results) {
    return table(['goal', 'wanted', 'measured', ''], GOALS.map(([words, wanted, valueOf, enough, write]) => {
        const value = valueOf(results);
        if (value === undefined) return [words, wanted, '–', 'not measured'];
        return [words, wanted, write(value), enough(value) ? 'reached' : '**not reached**'];
    }));
}
