// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The real program under test: started on free ports, watched through its log, ended at the latest with the test file.
 *
 * Ports are drawn from below the kernel's range for outgoing connections, so that only another test can hold one; then another
 * is drawn. A restart keeps them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { forget, keep } from './cleanup.mjs';
import { Client } from './client.mjs';
import { sharedProvider } from './people.mjs';
import { inTime, until } from './wait.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAM = process.env.AGIZO_BIN ?? `${ROOT}build/agizo`;
/** Whether the program is as it is shipped, not built for sanitizers or coverage. */
export const SHIPPED = !/asan|tsan|coverage/.test(PROGRAM);
const HOST = '127.0.0.1';
const PORTS = { from: 10_000, count: 20_000 };
const ATTEMPTS = 20;

/** Settings of the tests' own environment would change what is tested. */
function cleanEnvironment() {
    return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AGIZO_')));
}

/** A port that is probably free: only another test can hold it. */
export function drawPort() {
    return PORTS.from + Math.floor(Math.random() * PORTS.count);
}

/** A child process of the program, its log lines as objects, and its end as `exited: Promise<{code, signal}>`. */
export class Program {
    #waiting = new Set();
    #explained = 0;
    lines = [];
    stdout = '';

    /** @param {string[]} args @param {Record<string, string>} settings */
    constructor(args, settings) {
        /* The program ends with this process, however that ends. */
        this.child = spawn('setpriv', ['--pdeathsig', 'KILL', PROGRAM, ...args], {
            cwd: ROOT, env: { ...cleanEnvironment(), ...settings }, stdio: ['ignore', 'pipe', 'pipe'],
        });
        this.child.stdout.on('data', (piece) => { this.stdout += piece; });
        createInterface(this.child.stderr).on('line', (line) => this.#read(line));
        this.exited = once(this.child, 'close').then(([code, signal]) => {
            this.ended = { code, signal };
            for (const look of this.#waiting) look();
            return this.ended;
        });
    }

    #read(line) {
        let entry;
        try {
            entry = JSON.parse(line);
        } catch {
            entry = { text: line };
        }
        this.lines.push(entry);
        for (const look of this.#waiting) look();
    }

    /** Log entries of an event. */
    events(event) {
        return this.lines.filter((line) => line.event === event);
    }

    /**
     * The first log entry, past or future, that fits.
     * @param {string | ((entry: object) => boolean)} wanted an event's name or a test
     */
    async logged(wanted, { within } = {}) {
        const fits = typeof wanted === 'function' ? wanted : ({ event }) => event === wanted;
        let look;
        const found = new Promise((resolve, reject) => {
            look = () => {
                const entry = this.lines.find(fits);
                if (entry) resolve(entry);
                else if (this.ended) reject(new Error(`the program ended (${this.ended.code ?? this.ended.signal}) without ${wanted}:\n${this.explain()}`));
            };
            this.#waiting.add(look);
            look();
        });
        try {
            return await inTime(`the log entry ${wanted}`, found, within);
        } finally {
            this.#waiting.delete(look);
        }
    }

    /** Log lines not yet shown. */
    explain() {
        const fresh = this.lines.slice(this.#explained);
        this.#explained = this.lines.length;
        return fresh.map((line) => `    ${line.text ?? JSON.stringify(line)}\n`).join('');
    }
}

/** A running service. Tests talk to it by `as(…)`, `request`, `get`, `post`. */
export class Service {
    #settings;
    #program;
    #client;
    #adminClient;

    constructor({ settings, database, provider, gateway }) {
        this.#settings = settings;
        this.database = database;
        this.provider = provider;
        this.gateway = gateway;
    }

    /** Base URLs and the API's address for `raw`. */
    get url() { return `http://${HOST}:${this.ports.api}`; }
    get adminUrl() { return `http://${HOST}:${this.ports.admin}`; }
    get address() { return { host: HOST, port: this.ports.api }; }
    get adminAddress() { return { host: HOST, port: this.ports.admin }; }
    get pid() { return this.#program.child.pid; }
    get exited() { return this.#program.exited; }
    get log() { return this.#program.lines; }

    events(event) { return this.#program.events(event); }
    logged(wanted, options) { return this.#program.logged(wanted, options); }
    query(sql) { return this.database.query(sql); }
    count(table) { return this.database.count(table); }

    /** Requests of a bearer: `service.as({roles: ['clerk']})`, `service.as({scope: 'orders:read'})`, see people.mjs. */
    as(claims) { return this.#client.with(this.provider.token({ claims: claimsOf(claims) })); }
    /** Requests with this token; `null` for none. */
    withToken(token) { return this.#client.with(token); }
    /** A client with connections of its own; close it. */
    freshClient(claims) { return new Client(this.url, { token: this.provider.token({ claims: claimsOf(claims) }) }); }
    /** Requests of a service that has all scopes. */
    request(...args) { return this.#client.request(...args); }
    get(...args) { return this.#client.get(...args); }
    post(...args) { return this.#client.post(...args); }
    admin(path) { return this.#adminClient.get(path); }

    /** Metrics as an object from the series as it is written to its value. */
    async metrics() {
        const { text } = await this.admin('/metrics');
        const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
        return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
    }

    /** The status of /readyz: {status, checks}; undefined while nothing answers. */
    async readiness() {
        return this.admin('/readyz').then(({ json }) => json, () => undefined);
    }

    ready(options) {
        return until('the service is ready', async () => {
            if (this.#program.ended) throw new Error(`the service ended: ${JSON.stringify(this.#program.ended)}`);
            return (await this.readiness())?.status === 'ready';
        }, options);
    }

    /** Starts the program; resolves when its listeners are open. */
    async start(more = {}) {
        Object.assign(this.#settings, more);
        for (let attempt = 0; ; attempt++) {
            this.ports = attempt === 0 && this.ports ? this.ports : { api: drawPort(), admin: drawPort() };
            this.#program = new Program(['serve'], { ...this.#environment(), ...this.#listen() });
            const opened = await this.#program.logged(({ event }) => event === 'service.started' || event === 'service.failed');
            if (opened.event === 'service.started') break;
            await this.#program.exited;
            if (!/in use/.test(opened.why) || attempt === ATTEMPTS) throw new Error(`the service did not start:\n${this.#program.explain()}`);
        }
        this.#client = new Client(this.url, { token: () => this.#ownToken() });
        this.#adminClient = new Client(this.adminUrl);
    }

    /* A setting that depends on where the service is to be found is a function of its URL. */
    #environment() {
        return Object.fromEntries(Object.entries(this.#settings).map(([name, value]) => [name, typeof value === 'function' ? value(this.url) : value]));
    }

    #listen() {
        return { AGIZO_LISTEN: `${HOST}:${this.ports.api}`, AGIZO_ADMIN_LISTEN: `${HOST}:${this.ports.admin}` };
    }

    /* One token for all, as a real client has, made anew when it is about to end. */
    #ownToken() {
        if (!(this.tokenUntil > Date.now())) {
            this.token = this.provider.token();
            this.tokenUntil = Date.now() + 300_000;
        }
        return this.token;
    }

    signal(name) {
        this.#program.child.kill(name);
    }

    /** Asks it to end; its exit as `{code, signal}`. */
    async stop(signal = 'SIGTERM') {
        if (!this.#program.ended) this.signal(signal);
        const ended = await inTime('the end of the service', this.#program.exited);
        this.#client?.close();
        this.#adminClient?.close();
        return ended;
    }

    kill() {
        return this.stop('SIGKILL');
    }

    /** Starts it again on the same ports and database, with settings changed; resolves when ready. */
    async restart(settings) {
        await this.stop();
        await this.start(settings);
        await this.ready();
    }

    explain() {
        return this.#program ? `--- log of the service on ${this.database.store}\n${this.#program.explain()}` : '';
    }

    async close() {
        forget(this);
        if (!this.#program) return;
        await this.kill();
    }
}

function claimsOf({ sub, roles, ...rest }) {
    if (!roles) return { ...(sub && { sub, client_id: sub }), ...rest };
    return { sub: sub ?? `user-${roles.join('-')}`, roles, scope: undefined, ...rest };
}

/**
 * Starts a service on an empty database and waits until it is ready.
 * @param {object} options
 * @param {object} options.store from `forEachStore`
 * @param {object} [options.database] from `store.createDatabase()`, to come back to one
 * @param {Record<string, string | ((url: string) => string)>} [options.settings] AGIZO_… over the tests' own
 * @param {object} [options.identity] a provider, `{issuer, audience, token}`; by default an honest one, shared by the file
 * @param {object} [options.gateway] `startGateway()` of dev/gateway.mjs; by default messages go to the log
 * @param {boolean} [options.waitReady]
 */
export async function startService({ store, database, settings = {}, identity, gateway, waitReady = true }) {
    const provider = identity ?? await sharedProvider();
    const home = database ?? await store.createDatabase();
    const service = keep(new Service({
        database: home,
        provider,
        gateway,
        settings: {
            AGIZO_DATABASE: home.url,
            AGIZO_WORKERS: '2',
            AGIZO_OIDC_ISSUER: provider.issuer,
            AGIZO_OIDC_AUDIENCE: provider.audience,
            ...gatewaySettings(gateway),
            ...settings,
        },
    }));
    await service.start();
    if (waitReady) await service.ready();
    return service;
}

function gatewaySettings(gateway) {
    if (!gateway) return { AGIZO_SMS_GATEWAY: 'log' };
    const { url, username, apiKey } = gateway;
    return { AGIZO_SMS_GATEWAY: 'africastalking', AGIZO_AT_URL: url, AGIZO_AT_USERNAME: username, AGIZO_AT_API_KEY: apiKey };
}

/**
 * Runs the program to its end: `{code, signal, stdout, lines}`, `lines` being its stderr.
 * @param {string[]} args @param {Record<string, string>} [settings]
 */
export async function runProgram(args, settings = {}) {
    const program = new Program(args, settings);
    const thing = keep({ close: () => program.child.kill('SIGKILL') });
    const ended = await inTime(`agizo ${args.join(' ')}`, program.exited);
    forget(thing);
    return { ...ended, stdout: program.stdout, lines: program.lines };
}
