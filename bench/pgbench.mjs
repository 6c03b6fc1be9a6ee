// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Runs pgbench with a script of ours: a warm-up, then the measured run with a log of every transaction, for percentiles.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programs } from '../tests/chaos/postgres.mjs';
import { psql } from './fill.mjs';
import { WARM_SECONDS } from './wrk.mjs';

const run = promisify(execFile);
const OUTPUT_MAX = 64 * 1024 * 1024;

/**
 * @param {{folder: string, postgres: {address: string}}} around
 * @param {{base: string, script: string, clients: number, seconds: number, variables?: Record<string, string>, options?: string}} plan
 *   `base` address of the database, `script` a path, `variables` of the script, `options` of the server's sessions (PGOPTIONS)
 * @returns {Promise<{rate: number, p50: number, p99: number, command: string}>} transactions a second; microseconds
 */
export async function pgbench({ folder, postgres }, plan) {
    psql(postgres.address, '-c', 'checkpoint');
    await runOnce({ ...plan, seconds: WARM_SECONDS });
    const logs = mkdtempSync(join(folder, 'transactions-'));
    const { stdout, command } = await runOnce({ ...plan, logs });
    if (!/number of failed transactions: 0 /.test(stdout)) throw new Error(`pgbench: transactions failed\n${stdout}`);
    const times = percentiles(logs);
    rmSync(logs, { recursive: true });
    return { rate: Number(/tps = ([0-9.]+) \(without/.exec(stdout)[1]), ...times, command };
}

async function runOnce({ base, script, clients, seconds, variables = {}, options = '', logs }) {
    const args = ['-n', '-M', 'prepared', '-c', String(clients), '-j', String(Math.min(clients, 2)), '-T', String(seconds), '-f', script];
    const values = Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
    const log = logs === undefined ? [] : ['--log', `--log-prefix=${join(logs, 'transactions')}`];
    const env = { ...process.env, PGOPTIONS: options };
    const { stdout } = await run(join(programs(), 'pgbench'), [...args, ...values, ...log, base], { env, maxBuffer: OUTPUT_MAX });
    return { stdout, command: `pgbench ${args.join(' ')} DATABASE` };
}

/* The third word of each line is the transaction's microseconds. */
function percentiles(logs) {
    const times = readdirSync(logs).flatMap((name) => readFileSync(join(logs, name), 'utf8').trim().split('\n').map((line) => Number(line.split(' ')[2])));
    times.sort((a, b) => a - b);
    return { p50: times[Math.floor(times.length * 0.5)], p99: times[Math.floor(times.length * 0.99)] };
}
