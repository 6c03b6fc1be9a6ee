// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * `make chaos`, its first half: kill -9 of the service under load, many times, and then the question whether every promise held. The second is
 * sender.mjs.
 *
 *   AGIZO_BIN=build/agizo dev/node tests/chaos/run.mjs [--seed N] [--kills 50] [--store sqlite|postgres|both] [--connections 64]
 *
 * Prints one line per invariant with its count of violations, and one verdict per store; exits 1 when anything was violated. The evidence of
 * such a run (journals, the service's log) stays in the folder that is named. The same seed makes the same choices again.
 */
import { parseArgs } from 'node:util';
import { runTrial } from './trial.mjs';
import { printFindings, say } from './words.mjs';

function readOptions() {
    const { values } = parseArgs({
        options: {
            seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
            kills: { type: 'string', default: '50' },
            store: { type: 'string', default: 'both' },
            connections: { type: 'string', default: '64' },
        },
    });
    for (const name of ['seed', 'kills', 'connections']) {
        if (!/^[0-9]+$/.test(values[name])) throw new Error(`--${name} takes a number, not "${values[name]}"`);
        values[name] = Number(values[name]);
    }
    if (!['sqlite', 'postgres', 'both'].includes(values.store)) throw new Error(`--store takes sqlite, postgres or both, not "${values.store}"`);
    return values;
}

function report({ findings, kills, orders, seconds, folder }, store, seed) {
    const good = printFindings(findings);
    say(`chaos: ${good ? 'PASS' : 'FAIL'} on ${store}: ${kills} kills, ${orders} orders attempted, seed ${seed}, ${seconds.toFixed(0)} s`);
    if (!good) say(`chaos: the evidence is in ${folder}`);
    return good;
}

async function main() {
    const { seed, kills, store, connections } = readOptions();
    const program = process.env.AGIZO_BIN ?? 'build/agizo';
    let good = true;
    for (const one of store === 'both' ? ['sqlite', 'postgres'] : [store]) {
        say(`chaos: ${one}, ${kills} kills, ${connections} connections, seed ${seed}`);
        const result = await runTrial({ program, store: one, kills, seed, connections });
        good = report(result, one, seed) && good;
    }
    process.exitCode = good ? 0 : 1;
}

await main();
