// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Runs wrk with requests.lua, closed loop: every connection sends when it has its answer.
 *
 * An answer past 399 or a broken connection fails the bench: such a figure would be of refusals.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CUSTOMERS } from './servers.mjs';

const run = promisify(execFile);
export const WARM_SECONDS = 1;

/**
 * One run; `load` are variables of requests.lua: {READS, LISTS, ROWS, PATH_ONLY}.
 * @param {string} url of the server, without path
 * @param {{token?: string, seconds: number, connections: number, load?: Record<string, string | number>}} options
 * @returns {Promise<{rate: number, p50: number, p99: number, command: string}>} per second; microseconds; the command without the token
 */
export async function wrk(url, { token, seconds, connections, load = {} }) {
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', 'bench/requests.lua'];
    const env = { ...process.env, CUSTOMERS: String(CUSTOMERS), ...texts(load), ...(token && { TOKEN: token }) };
    const { stdout } = await run('wrk', [...args, url], { env });
    const { requests, micros, p50, p99, refused, broken } = JSON.parse(stdout.split('\n').find((line) => line.startsWith('{')));
    const wrong = broken + (load.PATH_ONLY === undefined ? refused : 0);
    if (wrong > 0) throw new Error(`wrk: ${refused} answers were refusals, ${broken} connections broke`);
    return { rate: requests / (micros / 1e6), p50, p99, command: commandOf(args, load, token) };
}

/** Warms up, then measures. */
export async function warmAndMeasure(url, options) {
    await wrk(url, { ...options, seconds: WARM_SECONDS });
    return wrk(url, options);
}

/** The same load spread over several servers: rates add up, of percentiles the worst counts. */
export async function wrkAll(urls, { connections, ...options }) {
    const share = Math.max(1, Math.floor(connections / urls.length));
    const all = await Promise.all(urls.map((url) => warmAndMeasure(url, { ...options, connections: share })));
    return {
        rate: all.reduce((sum, { rate }) => sum + rate, 0),
        p50: Math.max(...all.map(({ p50 }) => p50)),
        p99: Math.max(...all.map(({ p99 }) => p99)),
        command: `${all[0].command}${urls.length > 1 ? ', one for each copy' : ''}`,
    };
}

function texts(load) {
    return Object.fromEntries(Object.entries(load).map(([name, value]) => [name, String(value)]));
}

function commandOf(args, load, token) {
    const words = [...(token ? ['TOKEN=…', `CUSTOMERS=${CUSTOMERS}`] : []), ...Object.entries(load).map(([name, value]) => `${name}=${value}`)];
    return [...words, 'wrk', ...args, 'URL'].join(' ');
}
