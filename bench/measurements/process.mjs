// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What the process itself costs: how long it takes to start, the memory it holds idle and at most under load, the size of the binary.
 *
 * A start runs from the spawn of the process to the first answer, and to "ready" on /readyz, which includes the fetch of the provider's keys; the
 * tables are there. A peer has no readiness but its first answer.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GO_PROGRAM, preparePeer } from '../peers.mjs';
import { median } from '../results.mjs';
import { WHAT, makeServer, memoryOf, whileRunning } from '../servers.mjs';
import { mebis, millis, table } from '../words.mjs';
import { wrk } from '../wrk.mjs';

const SERVERS = ['agizo-sqlite', 'agizo-postgres', 'go'];
const STARTS = 5;
const SETTLED_MS = 1000;
const CONNECTIONS = 512;

async function startOnce({ process }) {
    const begun = performance.now();
    await process.start();
    await process.answers?.();
    const answer = performance.now() - begun;
    await process.ready();
    const ready = performance.now() - begun;
    await process.stop();
    return process.answers ? { answer, ready } : { answer: ready, ready };
}

function startContestant(name) {
    let server;
    return {
        name,
        what: WHAT[name],
        async turn(around) {
            server ??= await makeServer(name, around);
            const all = [];
            for (let count = 0; count < STARTS; count++) all.push(await startOnce(server));
            return { answer: median(all.map(({ answer }) => answer)), ready: median(all.map(({ ready }) => ready)) };
        },
    };
}

/* One process each: its own high-water mark is the whole. */
function memoryContestant(name) {
    return {
        name,
        what: WHAT[name],
        async turn(around, { seconds }) {
            const server = await makeServer(name, around);
            return whileRunning([server], around, async ({ url, pid }) => {
                await pause(SETTLED_MS);
                const idle = memoryOf(pid, 'VmRSS');
                const { command } = await wrk(url, { token: around.token, seconds, connections: CONNECTIONS });
                return { idle, peak: memoryOf(pid, 'VmHWM'), command };
            });
        },
    };
}

function sizeContestant(name, what, programOf) {
    return {
        name,
        what,
        async turn(around) {
            const program = await programOf(around);
            const stripped = join(mkdtempSync(join(around.folder, 'stripped-')), 'program');
            execFileSync('strip', ['-o', stripped, program]);
            return { built: statSync(program).size / 1024, stripped: statSync(stripped).size / 1024, command: 'strip -o STRIPPED PROGRAM' };
        },
    };
}

export const start = {
    name: 'start',
    title: 'Start',
    contestants: () => SERVERS.map(startContestant),
    section: (results) => `From the spawn of the process, tables being there; the median of ${STARTS} starts in each round. "Ready" includes the database and the
provider's keys; the peer's first answer comes after both.

${table(['', 'first answer', 'ready'], results.figures('start').map(({ what, answer, ready }) => [what, millis(answer), millis(ready)]))}`,
};

export const memory = {
    name: 'memory',
    title: 'Memory',
    once: true,
    contestants: () => SERVERS.map(memoryContestant),
    section: (results, { seconds }) => `Resident memory a second after "ready" (\`VmRSS\`), and the most the process ever held (\`VmHWM\`) after ${seconds} s of orders from ${CONNECTIONS} connections.
PostgreSQL's own memory is not in it.

${table(['', 'idle', `${CONNECTIONS} connections`], results.figures('memory').map(({ what, idle, peak }) => [what, mebis(idle), mebis(peak)]))}`,
};

export const size = {
    name: 'size',
    title: 'Size of the binary',
    once: true,
    contestants: () => [
        sizeContestant('agizo', 'Agizo', ({ program }) => program),
        sizeContestant('go', WHAT.go, () => preparePeer('go').then(() => GO_PROGRAM)),
    ],
    section: (results) => table(['', 'as built', 'stripped'], results.figures('size').map(({ what, built, stripped }) => [what, mebis(built), mebis(stripped)])),
};
