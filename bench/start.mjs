// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * How long the service takes to start on SQLite, and what memory it holds when nothing happens.
 *
 * The time runs from the spawn of the process to the first answer, and to "ready" on /readyz, which includes the fetch of the provider's keys;
 * the first start makes the file and is not counted. Memory is what the kernel calls resident, a second after "ready".
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Service } from '../tests/chaos/service.mjs';
import { median } from './report.mjs';

const STARTS = 10;
const SETTLED_MS = 1000;

/** @returns {Promise<{starts: number, answer: number, ready: number, memory: number}>} milliseconds and KiB, medians */
export async function measureStart({ program, folder, identity }) {
    const service = await Service.make(program, {
        AGIZO_DATABASE: `sqlite:${join(folder, 'start.db')}`,
        AGIZO_OIDC_ISSUER: identity.issuer,
        AGIZO_OIDC_AUDIENCE: identity.audience,
    }, join(folder, 'start.log'));
    const all = [];
    for (let start = 0; start <= STARTS; start++) all.push(await startOnce(service));
    const counted = all.slice(1);
    return {
        starts: STARTS,
        answer: median(counted.map(({ answer }) => answer)),
        ready: median(counted.map(({ ready }) => ready)),
        memory: median(counted.map(({ memory }) => memory)),
    };
}

async function startOnce(service) {
    const begun = performance.now();
    await service.start();
    await service.answers();
    const answer = performance.now() - begun;
    await service.ready();
    const ready = performance.now() - begun;
    await pause(SETTLED_MS);
    const memory = Number(/VmRSS:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))[1]);
    await service.stop();
    return { answer, ready, memory };
}
