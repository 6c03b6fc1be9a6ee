// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Builds and runs openloop.c, which keeps its pace whatever the server does.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = join(ROOT, 'bench/openloop.c');
const PROGRAM = join(ROOT, 'build-bench/openloop');
const FLAGS = ['-D_GNU_SOURCE', '-std=c17', '-O2', '-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Werror'];

/** Compiles when the source is newer. */
export async function buildOpenLoop() {
    const built = statSync(PROGRAM, { throwIfNoEntry: false });
    if (built !== undefined && built.mtimeMs > statSync(SOURCE).mtimeMs) return;
    mkdirSync(join(ROOT, 'build-bench'), { recursive: true });
    await run(process.env.CC ?? 'cc', [...FLAGS, SOURCE, '-o', PROGRAM, '-lm']);
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
    const { stdout } = await run(PROGRAM, args, { env: { ...process.env, TOKEN: token } });
    return JSON.parse(stdout);
}
