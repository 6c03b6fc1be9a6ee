// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * `make bench`: durable orders a second, by the service on each store, by pgbench on the same PostgreSQL, and by the peers (peers/README.md).
 *
 *   bench/run [--rounds 5] [--seconds 10] [--connections 256] [--output bench/RESULTS.md] [--only NAME,…]
 *
 * Starts a PostgreSQL of its own with default durability, then lets the contestants (contestants.mjs) take turns, round by round, so that
 * noise falls on all of them; each has a database of its own. Medians over the rounds are printed and written, with the machine, the
 * versions, the commit and the command. Short rounds are for trying the bench itself; their figures mean nothing.
 * AGIZO_BIN names another binary than build/agizo.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startIdentity } from '../dev/identity.mjs';
import { startPostgres } from '../tests/chaos/postgres.mjs';
import { makeContestants } from './contestants.mjs';
import { describeMachine } from './machine.mjs';
import { measureStart } from './start.mjs';
import { formatLine, formatResults, summarize } from './report.mjs';

/* pgbench with 256 clients and the service's connections; the default is 100. Nothing else differs from the defaults. */
const POSTGRES = { max_connections: 300 };

function readOptions() {
    const { values } = parseArgs({
        options: {
            rounds: { type: 'string', default: '5' },
            seconds: { type: 'string', default: '10' },
            connections: { type: 'string', default: '256' },
            output: { type: 'string', default: 'bench/RESULTS.md' },
            only: { type: 'string' },
        },
    });
    for (const name of ['rounds', 'seconds', 'connections']) {
        if (!/^[1-9][0-9]*$/.test(values[name])) throw new Error(`--${name} takes a number from 1, not "${values[name]}"`);
        values[name] = Number(values[name]);
    }
    return values;
}

function say(text) {
    process.stdout.write(`${text}\n`);
}

async function takeTurns(contestants, { rounds, seconds, connections }) {
    const results = new Map(contestants.map((contestant) => [contestant, []]));
    for (let round = 1; round <= rounds; round++) {
        for (const contestant of contestants) {
            const result = await contestant.turn({ seconds, connections });
            results.get(contestant).push(result);
            say(`round ${round}  ${formatLine(contestant, result)}`);
        }
    }
    return [...results].map(([contestant, all]) => ({ ...contestant, ...summarize(all) }));
}

async function main() {
    const options = readOptions();
    const folder = mkdtempSync(join(tmpdir(), 'agizo-bench-'));
    const program = process.env.AGIZO_BIN ?? 'build/agizo';
    const identity = await startIdentity({ algorithm: 'RS256' });
    const postgres = await startPostgres({ settings: POSTGRES });
    try {
        const around = { program, folder, identity, postgres };
        const contestants = await makeContestants({ ...around, wanted: options.only?.split(',') });
        const figures = await takeTurns(contestants, options);
        const start = await measureStart(around);
        const machine = describeMachine({ program, postgres, settings: POSTGRES });
        const text = formatResults({ figures, start, machine, options, command: ['bench/run', ...process.argv.slice(2)].join(' ') });
        writeFileSync(options.output, text);
        say(`\n${text}`);
    } finally {
        await Promise.all([identity.close(), postgres.stop()]);
        rmSync(folder, { recursive: true, force: true });
    }
}

await main();
