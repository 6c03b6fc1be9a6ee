// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Builds and runs openloop.c, which keeps its pace whatever the server does.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { compile } from './compile.mjs';

const run = promisify(execFile);

/** Compiles when the source is newer. */
export function buildOpenLoop() {
    return compile('openloop');
}

/**
 * Posts orders at a rate of its own. Latencies are in microseconds, from the time a request was due.
 * @param {string} url of the service, without path
 * @param {{token: string, rate: number, seconds: number, connections: number, customers?: number, warmup?: number, poisson?: boolean}} options
 * @returns {Promise<{requests: number, errors: number, refused: number, broken: number, unanswered: number, p50: number, p90: number, p99: number, p999: number, max: number}>}
 */
export async function openLoop(url, { token, poisson = false, ...numbers }) {
    const flags = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const args = ['--url', `${url}/v1/orders`, ...flags, ...(poisson ? ['--poisson'] : [])];
    const { stdout } = await run(await compile('openloop'), args, { env: { ...process.env, TOKEN: token } });
    return JSON.parse(stdout);
}
