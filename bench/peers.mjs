// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The peers: the same two routes as a competent engineer writes them in Go, Node.js and Python (bench/peers/README.md).
 *
 * `preparePeer` builds or installs one, `makeTables` gives a database its tables and customers, `Peer` starts and stops it with the same
 * methods as the chaos run's Service, so that a turn of the bench runs either.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { LOOPBACK, listen } from '../dev/command.mjs';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HERE = join(ROOT, 'bench/peers');
const BUILD = join(ROOT, 'build-bench');
export const GO_PROGRAM = join(BUILD, 'peer-go');
const READY_WITHIN_MS = 20_000;
const READY_POLL_MS = 5;
const END_WITHIN_MS = 15_000;

/* Debian's interpreter by its full name: another python3 on PATH has none of Debian's modules. */
const PYTHON = '/usr/bin/python3';

/** By name: what it is, how it is prepared, what is run. Settings that were tried and kept stand in the programs as defaults. */
export const PEERS = {
    go: {
        what: 'Go: gin, pgx',
        prepare: buildGo,
        command: [GO_PROGRAM],
    },
    'go-batch': {
        what: 'Go: gin, pgx, both inserts in one round trip',
        prepare: buildGo,
        command: [GO_PROGRAM],
        env: { PEER_BATCH: '1' },
    },
    fastify: {
        what: `Node.js: Fastify, pg, ${availableParallelism()} processes`,
        prepare: () => installPackages(join(HERE, 'fastify')),
        command: [join(ROOT, 'dev/node'), join(HERE, 'fastify/main.js')],
        env: { NODE_ENV: 'production' },
    },
    django: {
        what: 'Python: Django REST framework, gunicorn, psycopg2',
        prepare: () => run(PYTHON, ['-c', 'import django, rest_framework, gunicorn, psycopg2, jwt, cryptography']),
        command: [PYTHON, '-m', 'gunicorn', '--chdir', join(HERE, 'django'), '--config', join(HERE, 'django/gunicorn.conf.py'), 'orders.wsgi:application'],
        env: { PYTHONPYCACHEPREFIX: join(BUILD, 'python') },
    },
};

/* Debian's Go libraries are a GOPATH; nothing is fetched. */
async function buildGo() {
    mkdirSync(BUILD, { recursive: true });
    const env = { ...process.env, GO111MODULE: 'off', GOFLAGS: '', GOPATH: '/usr/share/gocode' };
    await run('go', ['build', '-o', GO_PROGRAM, '.'], { cwd: join(HERE, 'go'), env });
}

/* npm writes its own lock file last, so its age says whether an installation finished after ours changed. */
async function installPackages(folder) {
    const done = statSync(join(folder, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
    if (done !== undefined && done.mtimeMs > statSync(join(folder, 'package-lock.json')).mtimeMs) return;
    await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
}

/** Builds or installs; says what is missing when that fails. */
export async function preparePeer(name) {
    try {
        await PEERS[name].prepare();
    } catch (error) {
        throw new Error(`the peer ${name} cannot be prepared; its Debian packages are listed in bench/peers/README.md\n${error.stderr ?? error}`);
    }
}

/** Tables and customers C0, C1, … in an empty database. */
export function makeTables(address, customers) {
    const args = ['-Xq', '-v', 'ON_ERROR_STOP=1', '-v', `customers=${customers}`, '-d', address, '-f', join(HERE, 'schema.sql')];
    execFileSync('psql', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The provider's public keys as a file; resolves with its path. */
export async function saveKeySet(issuer, folder) {
    const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
    const path = join(folder, 'jwks.json');
    writeFileSync(path, await (await fetch(discovery.jwks_uri)).text());
    return path;
}

export class Peer {
    #name;
    #env;
    #logPath;
    #child;

    /**
     * @param {string} name of PEERS
     * @param {{address: string, issuer: string, audience: string, keySet: string, log: string, settings?: Record<string, string>}} options
     *   `address` of its database, `keySet` a file, `log` a file; `settings` are further PEER_… variables
     */
    static async make(name, { address, issuer, audience, keySet, log, settings = {} }) {
        const peer = new Peer();
        const port = await freePort();
        peer.url = `http://${LOOPBACK}:${port}`;
        peer.#name = name;
        peer.#logPath = log;
        peer.#env = {
            ...process.env, ...PEERS[name].env, PEER_DATABASE: address, PEER_PORT: String(port), PEER_ISSUER: issuer,
            PEER_AUDIENCE: audience, PEER_JWKS: keySet, ...settings,
        };
        return peer;
    }

    /** Starts the process, which dies with this one; resolves when it runs, not when it listens. */
    async start() {
        const log = openSync(this.#logPath, 'a');
        this.#child = spawn('setpriv', ['--pdeathsig=TERM', ...PEERS[this.#name].command], { env: this.#env, stdio: ['ignore', log, log] });
        await once(this.#child, 'spawn');
    }

    /** Resolves when it answers; throws when the process ended or took too long. */
    async ready() {
        for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline;) {
            if (this.#ended) throw new Error(`the peer ${this.#name} ended, see ${this.#logPath}`);
            const reply = await fetch(`${this.url}/livez`).catch(() => undefined);
            await reply?.body?.cancel();
            if (reply?.status === 200) return;
            await pause(READY_POLL_MS);
        }
        throw new Error(`the peer ${this.#name} does not answer, see ${this.#logPath}`);
    }

    get pid() {
        return this.#child.pid;
    }

    get #ended() {
        return this.#child.exitCode !== null || this.#child.signalCode !== null;
    }

    /** Proportional memory of all its processes, in KiB. */
    memory() {
        const sizes = family(this.pid).map((pid) => /^Pss:\s+([0-9]+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
        return sizes.reduce((sum, size) => sum + Number(size), 0);
    }

    /** Asks it to end in order; throws when it does not. */
    async stop() {
        if (this.#ended) return;
        const ended = once(this.#child, 'exit');
        this.#child.kill('SIGTERM');
        const late = setTimeout(() => this.#child.kill('SIGKILL'), END_WITHIN_MS);
        const [code, signal] = await ended;
        clearTimeout(late);
        if (code !== 0) throw new Error(`the peer ${this.#name} ended with ${code ?? signal} instead of 0, see ${this.#logPath}`);
    }
}

/* A process and all that it made. */
function family(pid) {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '));
    return [pid, ...children.filter(Boolean).flatMap((child) => family(Number(child)))];
}

async function freePort() {
    const server = createServer();
    await listen(server);
    const { port } = server.address();
    await new Promise((resolve) => { server.close(resolve); });
    return port;
}
