// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * `make bench`: the service on each store, the peers (peers/README.md) and the limits, measured side by side.
 *
 *   bench/run [--rounds 3] [--seconds 2] [--connections 256] [--only NAME,…] [--full] [--list] [--output bench/RESULTS.md]
 *
 * Starts a PostgreSQL of its own with default durability, then lets the contestants of all measurements (measurements.mjs) take turns, round
 * by round, so that noise falls on all of them. Medians over the rounds are printed and written, with the machine, the versions, the
 * commit and the commands. `--only` takes measurements (`reads`), contestants (`go`) or both (`reads/go`); `--list` names them; `--full`
 * adds those that take long. Short rounds are for trying the bench itself; their figures mean nothing.
 * AGIZO_BIN names another binary than build/agizo.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startIdentity } from '../dev/identity.mjs';
import { startPostgres } from '../tests/chaos/postgres.mjs';
import { describeMachine } from './machine.mjs';
import { MEASUREMENTS } from './measurements.mjs';
import { formatResults } from './report.mjs';
import { Results } from './results.mjs';
import { SCOPE } from './servers.mjs';
import { compareTables } from './tables.mjs';
import { formatLine } from './words.mjs';

/* pgbench with 256 clients and the service's connections; the default is 100. Nothing else differs from the defaults. */
const POSTGRES = { max_connections: 300 };

function readOptions() {
    const { values } = parseArgs({
        options: {
            rounds: { type: 'string', default: '3' },
            seconds: { type: 'string', default: '2' },
            connections: { type: 'string', default: '256' },
            output: { type: 'string', default: 'bench/RESULTS.md' },
            only: { type: 'string' },
            full: { type: 'boolean', default: false },
            list: { type: 'boolean', default: false },
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

/* [{measurement, contestant}], in the order of their turns. A misspelled name would measure nothing and say so to nobody. */
function choose({ only, full }) {
    const all = MEASUREMENTS.flatMap((measurement) => measurement.contestants({ full }).map((contestant) => ({ measurement, contestant })));
    const words = only?.split(',');
    const namesOf = ({ measurement, contestant }) => [measurement.name, contestant.name, `${measurement.name}/${contestant.name}`];
    const unknown = words?.filter((word) => !all.some((turn) => namesOf(turn).includes(word))) ?? [];
    if (unknown.length > 0) throw new Error(`--only: nothing is named ${unknown.join(', ')}; --list shows the names`);
    return all.filter((turn) => words === undefined || namesOf(turn).some((name) => words.includes(name)));
}

/* What is the same in every round (`once`) is measured in the first. */
async function takeTurns(chosen, around, { rounds, seconds, connections }) {
    const results = new Results();
    for (let round = 1; round <= rounds; round++) {
        for (const { measurement, contestant } of chosen) {
            if (measurement.once && round > 1) continue;
            const result = await contestant.turn(around, { seconds, connections, results });
            results.add(measurement, contestant, result);
            say(`round ${round}  ${formatLine(measurement, contestant, result)}`);
        }
    }
    return results;
}

async function measure(options, chosen) {
    const folder = mkdtempSync(join(tmpdir(), 'agizo-bench-'));
    const program = process.env.AGIZO_BIN ?? 'build/agizo';
    const identity = await startIdentity({ algorithm: 'RS256' });
    const postgres = await startPostgres({ settings: POSTGRES });
    try {
        const around = { program, folder, identity, postgres, token: await identity.serviceToken({ scope: SCOPE }) };
        const results = await takeTurns(chosen, around, options);
        const machine = [...describeMachine({ program, postgres, settings: POSTGRES }), ['Tables', await compareTables(around)]];
        return formatResults({ measurements: MEASUREMENTS, results, machine, options, command: ['bench/run', ...process.argv.slice(2)].join(' ') });
    } finally {
        await Promise.all([identity.close(), postgres.stop()]);
        rmSync(folder, { recursive: true, force: true });
    }
}

async function main() {
    process.setMaxListeners(0); /* each server has one, so that none outlives us */
    const options = readOptions();
    const chosen = choose(options);
    if (options.list) {
        chosen.forEach(({ measurement, contestant }) => say(`${measurement.name}/${contestant.name}`.padEnd(36) + contestant.what));
        return;
    }
    const text = await measure(options, chosen);
    writeFileSync(options.output, text);
    say(`\n${text}`);
}

await main();
