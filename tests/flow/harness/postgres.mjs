// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * A private PostgreSQL: made in a temporary folder, reached on a unix socket there, gone at the end of the test file.
 *
 * It runs as the user `postgres` where the tests run as root, since it refuses root, and ends with its parent however that ends. By default
 * it is not safe from a power cut (fsync off), which no test here has, but from its own death; `{durable: true}` keeps the database's own defaults.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { keep } from './cleanup.mjs';
import { inTime } from './wait.mjs';

const run = promisify(execFile);
const ROOT = '/usr/lib/postgresql';
const QUICK = ['fsync=off', 'full_page_writes=off'];
const SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' };

function findPrograms() {
    const versions = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(a) - Number(b)) : [];
    const newest = versions.filter((version) => existsSync(join(ROOT, version, 'bin/initdb'))).at(-1);
    if (!newest) throw new Error('there is no PostgreSQL server here: run tools/setup test');
    return join(ROOT, newest, 'bin');
}

function unprivileged() {
    if (process.getuid() !== 0) return {};
    const id = (option) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
    return { uid: id('-u'), gid: id('-g') };
}

export class Postgres {
    #folder = mkdtempSync(join(tmpdir(), 'agizo-pg-'));
    #programs = findPrograms();
    #user = unprivileged();
    #settings;
    #child;
    #databases = 0;
    #lines = [];

    constructor({ durable = false, settings = [] } = {}) {
        this.#settings = [...(durable ? [] : QUICK), ...settings];
        if (this.#user.uid !== undefined) chownSync(this.#folder, this.#user.uid, this.#user.gid);
    }

    get running() {
        return this.#child !== undefined;
    }

    /** What it has written to its log so far. */
    get log() {
        return this.#lines;
    }

    async make() {
        const args = ['-D', this.#data, '--no-sync', '--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C'];
        await run(join(this.#programs, 'initdb'), args, { ...this.#user, cwd: this.#folder });
    }

    /** Starts the server; resolves when it takes connections. */
    async start() {
        const settings = ['listen_addresses=', 'shared_buffers=32MB', 'max_connections=200', ...this.#settings].flatMap((text) => ['-c', text]);
        const program = [join(this.#programs, 'postgres'), '-D', this.#data, '-k', this.#folder, ...settings];
        this.#child = spawn('setpriv', ['--pdeathsig', 'QUIT', ...program], { ...this.#user, cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] });
        const lines = createInterface(this.#child.stderr);
        const ready = new Promise((resolve, reject) => {
            lines.on('line', (line) => {
                this.#lines.push(line);
                if (line.includes('ready to accept connections')) resolve();
            });
            this.#child.on('exit', () => reject(new Error(`PostgreSQL ended:\n${this.#lines.join('\n')}`)));
        });
        await inTime('PostgreSQL', ready);
    }

    /** Ends the server. @param {'smart' | 'fast' | 'immediate'} mode `immediate` is as if it crashed */
    async stop(mode = 'fast') {
        const child = this.#child;
        this.#child = undefined;
        const gone = once(child, 'exit');
        child.kill(SIGNALS[mode]);
        await inTime('the end of PostgreSQL', gone);
    }

    /** An empty database of its own, as an AGIZO_DATABASE. */
    async createDatabase() {
        const name = `test_${++this.#databases}`;
        await this.query('postgres', `create database ${name}`);
        return { name, url: this.url(name) };
    }

    /** The AGIZO_DATABASE of a database in this server, whether it is there or not. */
    url(name) {
        return `postgres://postgres@/${name}?host=${encodeURIComponent(this.#folder)}`;
    }

    /** Rows of a query, as arrays of texts. */
    async query(database, sql) {
        const args = ['-X', '-q', '-A', '-t', '-F', '\x1f', '-v', 'ON_ERROR_STOP=1', '-h', this.#folder, '-U', 'postgres', '-d', database, '-c', sql];
        const { stdout } = await run(join(this.#programs, 'psql'), args);
        return stdout.split('\n').slice(0, -1).map((line) => line.split('\x1f'));
    }

    /** Begins a transaction with a statement; resolves when it is done, with what rolls it back. */
    async hold(database, sql) {
        const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', this.#folder, '-U', 'postgres', '-d', database];
        const child = spawn(join(this.#programs, 'psql'), args, { stdio: ['pipe', 'pipe', 'inherit'] });
        const gone = once(child, 'exit');
        const held = once(child.stdout, 'data');
        child.stdin.write(`begin; ${sql}; select 'held';\n`);
        await inTime('the transaction that holds', Promise.race([held, gone.then(() => { throw new Error(`psql ended: ${sql}`); })]));
        return async () => {
            child.stdin.end();
            await inTime('its end', gone);
        };
    }

    async close() {
        if (this.running) await this.stop('immediate');
        rmSync(this.#folder, { recursive: true, force: true });
    }

    get #data() {
        return join(this.#folder, 'data');
    }
}

/** A running server of the caller's own. */
export async function startPostgres(options) {
    const server = keep(new Postgres(options));
    await server.make();
    await server.start();
    return server;
}

let shared;

/** The one server of this test file, started when first asked for. */
export function sharedPostgres() {
    shared ??= startPostgres();
    return shared;
}
