// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * A copy of the tree with a build of its own, in which one check at a time is broken, and the witnesses that are asked about it.
 *
 * The build is a plain one without optimization and debug information, so that a changed file is a program again within a second. Warnings are
 * no errors in it: a check that is gone often leaves something unused. Everything a workshop starts ends with this process.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const OPTIONS = ['-Doptimization=0', '-Ddebug=false', '-Dwerror=false'];
const BUILD_MS = 600_000;
const UNIT_MS = 60_000;
const FLOW_MS = 180_000;
const KEPT_OUTPUT = 4096;

/* What git tracks or would, as it stands in the working tree. */
function copyTree(root, folder) {
    const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
    for (const path of new Set(list.split('\0').filter(Boolean))) {
        if (!statSync(join(root, path), { throwIfNoEntry: false })?.isFile()) continue;
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        copyFileSync(join(root, path), join(folder, path));
    }
}

/* As ninja knows it, and where it then stands in the build folder. */
function targetOf({ kind, name }) {
    return kind === 'unit' ? `tests/unit/${name}` : 'agizo';
}

/**
 * Runs a program to its end, or until its time is over, or until a line of its output is `enough`.
 * @returns {Promise<{status: number | null, signal: string | null, late: boolean, output: string, line?: string}>} `line`: the one that was enough
 */
async function run(command, args, { limit, enough = () => false, ...options }) {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const result = { late: false, output: '' };
    const timer = setTimeout(() => { result.late = true; child.kill('SIGKILL'); }, limit);
    let rest = '';
    const take = (piece) => {
        result.output = (result.output + piece).slice(-KEPT_OUTPUT);
        const lines = (rest + piece).split('\n');
        rest = lines.pop();
        result.line ??= lines.find(enough);
        if (result.line) child.kill('SIGKILL');
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    [result.status, result.signal] = await once(child, 'close');
    clearTimeout(timer);
    return result;
}

export class Workshop {
    #root;
    #tree;
    #environment;

    constructor(root, folder) {
        this.#root = root;
        this.#tree = join(folder, 'tree');
        const temporary = join(folder, 'tmp'); /* what a test that is ended leaves behind goes with it */
        mkdirSync(temporary, { recursive: true });
        this.#environment = { ...process.env, TMPDIR: temporary };
    }

    /** A copy of the tree in `folder`, configured but not built. */
    static async open(root, folder) {
        const workshop = new Workshop(root, folder);
        copyTree(root, workshop.#tree);
        const { status, output } = await run('tools/configure', ['build', ...OPTIONS], { cwd: workshop.#tree, limit: BUILD_MS });
        if (status !== 0) throw new Error(`the copy cannot be configured:\n${output}`);
        return workshop;
    }

    /** Builds all that these witnesses run, unmutated. */
    async prepare(witnesses) {
        const fault = await this.#build(witnesses);
        if (fault) throw new Error(`the copy cannot be built: ${fault}`);
    }

    /* @returns what is wrong with a mutant that is no program */
    async #build(witnesses) {
        const targets = [...new Set(witnesses.map(targetOf))];
        const { status, output } = await run('ninja', ['-C', 'build', ...targets], { cwd: this.#tree, limit: BUILD_MS });
        if (status === 0) return undefined;
        return output.split('\n').find((line) => line.includes(' error: ')) ?? `it does not link:\n${output}`;
    }

    /** @param {{kind: 'unit' | 'flow', name: string, store?: string}} witness @returns {Promise<{passed: boolean, by: string, output: string}>} */
    async ask(witness) {
        const result = witness.kind === 'unit' ? await this.#askUnit(witness) : await this.#askFlow(witness);
        const mark = result.late ? ' (time is over)' : result.signal && !result.line ? ` (${result.signal})` : '';
        return { passed: result.passed, by: `${witness.name}${result.test ? `: ${result.test}` : ''}${mark}`, output: result.output };
    }

    async #askUnit(witness) {
        const result = await run(join(this.#tree, 'build', targetOf(witness)), [], { cwd: this.#tree, env: this.#environment, limit: UNIT_MS });
        const test = /^\[ +FAILED +\] (\w+)$/m.exec(result.output)?.[1];
        return { ...result, passed: result.status === 0, test };
    }

    async #askFlow({ name, store }) {
        const [file, pattern] = name.split('#');
        const args = ['--test-reporter=tap', ...(pattern ? [`--test-name-pattern=${pattern}`] : []), `tests/flow/${file}.test.mjs`];
        const env = { ...this.#environment, AGIZO_BIN: join(this.#tree, 'build/agizo'), AGIZO_TEST_STORE: store };
        const result = await run(process.execPath, args, { cwd: this.#root, env, limit: FLOW_MS, enough: (line) => /^ *not ok /.test(line) });
        const some = Number(/^# pass ([0-9]+)$/m.exec(result.output)?.[1] ?? 0) > 0;
        return { ...result, passed: result.status === 0 && some, test: /not ok [0-9]+ - (.*)$/.exec(result.line ?? '')?.[1] };
    }

    /** Breaks the check of one row, asks its witnesses, mends it. @returns {Promise<{killedBy?: string, broken?: string}>} */
    async examine({ file, from, to, units, flows, store }) {
        const path = join(this.#tree, file), original = readFileSync(path, 'utf8');
        writeFileSync(path, original.split(from).join(to));
        try {
            const witnesses = [...units.map((name) => ({ kind: 'unit', name })), ...flows.map((name) => ({ kind: 'flow', name, store }))];
            for (const witness of witnesses) {
                const broken = await this.#build([witness]);
                if (broken) return { broken };
                const { passed, by } = await this.ask(witness);
                if (!passed) return { killedBy: by };
            }
            return {};
        } finally {
            writeFileSync(path, original); /* with a new time, so that it is built again */
        }
    }
}
