// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The second half of `make chaos`: the gateway fails in every way, copies of the service die, and no SMS may be lost without a word or sent twice.
 *
 *   AGIZO_BIN=build/agizo dev/node tests/chaos/sender.mjs [--seed N] [--faults 500] [--store sqlite|postgres|both]
 *
 * Prints one line per invariant with its count of violations, and one verdict per store; exits 1 when anything was violated. The evidence of
 * such a run (journals, the service's logs) stays in the folder that is named. The same seed makes the same choices again.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { runSenderTrial } from './sender_trial.mjs';
import { printFindings, say } from './words.mjs';

function readOptions() {
    const { values } = parseArgs({
        options: {
            seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
            faults: { type: 'string', default: '500' },
            store: { type: 'string', default: 'both' },
        },
    });
    for (const name of ['seed', 'faults']) {
        if (!/^[0-9]+$/.test(values[name])) throw new Error(`--${name} takes a number, not "${values[name]}"`);
        values[name] = Number(values[name]);
    }
    if (!['sqlite', 'postgres', 'both'].includes(values.store)) throw new Error(`--store takes sqlite, postgres or both, not "${values.store}"`);
    return values;
}

/* Which program it was: a run from a tarball has no commit. */
function commit() {
    try {
        return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
        return 'none';
    }
}

function report({ findings, faults: { refused, unanswered, deaths }, kills, orders, seconds, folder }, store, seed) {
    const good = printFindings(findings);
    const counts = findings.map(({ id, wrong }) => `${id} ${wrong.length}`).join(', ');
    say(`chaos: ${good ? 'PASS' : 'FAIL'} of the sender on ${store}: ${counts}; ${refused + unanswered} gateway faults (F10 ${refused}, F11 ${unanswered}, `
        + `${deaths} deaths), ${kills} kills, ${orders} orders attempted, seed ${seed}, commit ${commit()}, ${seconds.toFixed(0)} s`);
    if (!good) say(`chaos: the evidence is in ${folder}`);
    return good;
}

async function main() {
    const { seed, faults, store } = readOptions();
    const program = process.env.AGIZO_BIN ?? 'build/agizo';
    let good = true;
    for (const one of store === 'both' ? ['sqlite', 'postgres'] : [store]) {
        say(`chaos: the sender on ${one}, ${faults} gateway faults, seed ${seed}`);
        good = report(await runSenderTrial({ program, store: one, faults, seed }), one, seed) && good;
    }
    process.exitCode = good ? 0 : 1;
}

await main();
