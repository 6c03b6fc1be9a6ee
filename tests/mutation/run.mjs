// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * `make mutation`: is every check of a token, a state, a nonce, an owner held by a test? Each is forced to pass, alone, and the suite must fail.
 *
 *   dev/node tests/mutation/run.mjs [--only PATTERN] [--jobs N] [--list]
 *
 * The checks stand in checks/*.mjs, which export a list of rows (rows.mjs makes them from tables):
 *
 *   export default [
 *       {
 *           id: 'token.audience',                             unique; PATTERN is a regular expression that looks in it
 *           file: 'src/auth/claims.c',
 *           from: 'if (!claims_audience(aud, ours)) return REFUSAL_AUDIENCE;',     occurs exactly once in the file; may span lines
 *           to: '',                                           the same with this one check forced to pass; when absent, from `if (…) return …;`,
 *                                                             the same with a condition that is never true
 *           units: ['test_claims'],                           unit programs that may kill it, the cheapest first
 *           flows: ['token', 'login#RP-09'],                  then flow files; `#`: only the tests whose name fits the regular expression behind it
 *           store: 'postgres',                                optional: the store that the flows run on; sqlite by default
 *           why: '…',                                         optional: for the reader, where another check nearly covers this one
 *           equivalent: '…',                                  optional: why nothing can tell the mutant from the original
 *       },
 *   ];
 *
 * For each job the tree (what git tracks or would) is copied and built in a temporary folder. All witnesses must first pass unmutated. Then row
 * by row: change, build what the next witness needs, run it; the first that fails has killed the mutant, and is named with its test. A mutant that
 * crashes a witness or exceeds its time counts as killed and is marked so. One that does not compile is a fault of the table, as is an
 * `equivalent` one that dies. Flow tests are those of this checkout, run against the mutant's program.
 *
 * Prints a row per check and `N checks, N killed, N survivors`; exits 1 unless each was killed or is known to be equivalent.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { faultsOf, loadRows } from './table.mjs';
import { Workshop } from './workshop.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function say(text) {
    process.stdout.write(`${text}\n`);
}

function readOptions() {
    const { values } = parseArgs({
        options: {
            only: { type: 'string', default: '' },
            jobs: { type: 'string', default: String(Math.min(2, cpus().length)) },
            list: { type: 'boolean', default: false },
        },
    });
    if (!/^[1-9][0-9]?$/.test(values.jobs)) throw new Error(`--jobs takes a number, not "${values.jobs}"`);
    return { only: new RegExp(values.only), jobs: Number(values.jobs), list: values.list };
}

/** `work` on each thing, by as many workshops as there are; the answers in the things' order. */
async function share(workshops, things, work) {
    const answers = new Array(things.length);
    let next = 0;
    await Promise.all(workshops.map(async (workshop) => {
        while (next < things.length) {
            const at = next++;
            answers[at] = await work(workshop, things[at]);
        }
    }));
    return answers;
}

/** All that the rows name, each once. */
function witnessesOf(rows) {
    const units = [...new Set(rows.flatMap(({ units }) => units))].map((name) => ({ kind: 'unit', name }));
    const flows = new Map();
    for (const { flows: names, store } of rows) {
        for (const name of names) flows.set(`${name} ${store}`, { kind: 'flow', name, store });
    }
    return [...units, ...flows.values()];
}

async function proveSound(workshops, rows) {
    const witnesses = witnessesOf(rows);
    await Promise.all(workshops.map((workshop) => workshop.prepare(witnesses)));
    const answers = await share(workshops, witnesses, (workshop, witness) => workshop.ask(witness));
    const faulty = answers.filter(({ passed }) => !passed);
    for (const { by, output } of faulty) say(`unmutated, yet it fails: ${by}\n${output}`);
    return faulty.length === 0;
}

function verdictOf({ equivalent }, { killedBy, broken }) {
    if (broken) return 'BROKEN';
    if (equivalent) return killedBy ? 'NOT EQUIVALENT' : 'equivalent';
    return killedBy ? 'killed' : 'SURVIVED';
}

function report(results) {
    const width = (of) => Math.max(...results.map(of));
    const ids = width(({ row }) => row.id.length), files = width(({ row }) => row.file.length);
    for (const { row, verdict, killedBy, broken } of results) {
        const detail = broken ?? (verdict === 'equivalent' ? row.equivalent : killedBy ?? '');
        say(`${verdict.padEnd(10)} ${row.id.padEnd(ids)}  ${row.file.padEnd(files)}  ${detail}`);
    }
    const count = (...wanted) => results.filter(({ verdict }) => wanted.includes(verdict)).length;
    const equivalent = count('equivalent'), faults = count('BROKEN', 'NOT EQUIVALENT');
    if (equivalent > 0) say(`${equivalent} of them equivalent to the original`);
    if (faults > 0) say(`${faults} of them faults of the table`);
    say(`${results.length} checks, ${count('killed')} killed, ${count('SURVIVED')} survivors`);
    return count('killed') + equivalent === results.length;
}

async function examine(rows, jobs, folder) {
    const numbers = Array.from({ length: Math.min(jobs, rows.length) }, (_, number) => number);
    const workshops = await Promise.all(numbers.map((number) => Workshop.open(ROOT, join(folder, String(number)))));
    say(`mutation: ${rows.length} checks, ${workshops.length} copies of the tree`);
    if (!await proveSound(workshops, rows)) return false;
    const results = await share(workshops, rows, async (workshop, row) => {
        const result = { row, ...await workshop.examine(row) };
        result.verdict = verdictOf(row, result);
        process.stderr.write(`${result.verdict} ${row.id}\n`);
        return result;
    });
    return report(results);
}

async function main() {
    const { only, jobs, list } = readOptions();
    const rows = (await loadRows()).filter(({ id }) => only.test(id));
    if (rows.length === 0) throw new Error('no check has such a name');
    const faults = faultsOf(rows, ROOT);
    if (faults.length > 0) throw new Error(`the table does not fit the tree:\n${faults.join('\n')}`);
    if (list) {
        for (const { id, file } of rows) say(`${id}  ${file}`);
        return;
    }
    const folder = mkdtempSync(join(tmpdir(), 'agizo-mutation-'));
    chmodSync(folder, 0o711); /* a test's PostgreSQL runs as another user */
    try {
        process.exitCode = await examine(rows, jobs, folder) ? 0 : 1;
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

await main();
