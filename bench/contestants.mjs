// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Who takes part: each has a name, a line that says what it does, and `turn`, which runs it once and measures.
 *
 * The service is started for its turn and ended after it, so that nothing of it runs while others are measured. A turn begins with a
 * checkpoint and a short warm-up. An answer that is not a 201, or a broken connection, fails the bench: such a figure would be of refusals.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exchange } from '../tests/chaos/load.mjs';
import { programs } from '../tests/chaos/postgres.mjs';
import { Service } from '../tests/chaos/service.mjs';
import { PEERS, Peer, makeTables, preparePeer, saveKeySet } from './peers.mjs';

const run = promisify(execFile);
const CUSTOMERS = 100;
const WARM_SECONDS = 1;
const SCOPE = 'customers:write orders:write';
/* 32 clients keep two cores busy; 256 are as many as the service has. */
const CLIENTS = [32, 256];
const SCRIPTS = [
    { script: 'transaction', words: 'pgbench, a transaction of five steps for each order' },
    { script: 'statement', words: 'pgbench, one statement for each order' },
];
const OUTPUT_MAX = 64 * 1024 * 1024;

/**
 * Makes those that are wanted, each with a database of its own.
 * @param {{program: string, folder: string, identity: object, postgres: object, wanted?: string[]}} around
 */
export async function makeContestants({ wanted, ...around }) {
    const token = await around.identity.serviceToken({ scope: SCOPE });
    const entries = listContestants({ ...around, token }).filter(([name]) => wanted?.includes(name) ?? true);
    const contestants = [];
    for (const [, make] of entries) contestants.push(await make());
    return contestants;
}

/* In the order of their turns: name, and how to make it. */
function listContestants(around) {
    const { folder, postgres } = around;
    const service = (name, what, options) => [name, () => serviceContestant({ ...around, name, what, ...options })];
    const inPostgres = { address: () => createDatabase(postgres) };
    return [
        service('agizo-postgres', 'Agizo on PostgreSQL', inPostgres),
        ...SCRIPTS.flatMap((script) => CLIENTS.map((clients) => {
            const name = `${script.script}-${clients}`;
            return [name, () => pgbenchContestant({ ...around, ...script, name, clients })];
        })),
        service('agizo-sqlite', 'Agizo on SQLite', { address: () => `sqlite:${join(folder, 'orders.db')}` }),
        service('agizo-postgres-sms', 'Agizo on PostgreSQL, sending each SMS to the log', { ...inPostgres, phone: '0712345678' }),
        ...Object.keys(PEERS).map((name) => [name, () => peerContestant({ ...around, name })]),
    ];
}

let databases = 0;

function createDatabase({ address }) {
    const name = `bench${++databases}`;
    execFileSync('psql', ['-Xq', '-d', address, '-c', `create database ${name}`]);
    return address.replace('/postgres?', `/${name}?`);
}

async function makeService({ program, folder, identity, name, address }) {
    return Service.make(program, {
        AGIZO_DATABASE: address,
        AGIZO_OIDC_ISSUER: identity.issuer,
        AGIZO_OIDC_AUDIENCE: identity.audience,
    }, join(folder, `${name}.log`));
}

/* Customers without a number get orders whose message row is `skipped`: both rows are written, nothing is sent. */
async function makeCustomers({ url, token, phone }) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    for (let i = 0; i < CUSTOMERS; i++) {
        const { status, text } = await exchange(`${url}/v1/customers`, { headers, body: { code: `C${i}`, name: 'Customer', phone } });
        if (status !== 201) throw new Error(`a customer was answered with ${status}: ${text}`);
    }
}

let pgbenchBase;

/* The service's own tables and customers, made once for all forms of pgbench. */
async function makePgbenchBase(around) {
    const address = createDatabase(around.postgres);
    const service = await makeService({ ...around, name: 'pgbench', address });
    await service.start();
    await service.ready();
    await makeCustomers({ ...around, url: service.url });
    await service.stop();
    return address;
}

async function serviceContestant(around) {
    const server = await makeService({ ...around, address: around.address() });
    return httpContestant({ ...around, server, first: () => makeCustomers({ ...around, url: server.url }) });
}

async function peerContestant(around) {
    const { name, folder, identity: { issuer, audience } } = around;
    const address = createDatabase(around.postgres);
    await preparePeer(name);
    makeTables(address, CUSTOMERS);
    const keySet = await saveKeySet(issuer, folder);
    const server = await Peer.make(name, { address, issuer, audience, keySet, log: join(folder, `${name}.log`) });
    return httpContestant({ ...around, what: PEERS[name].what, server, first: () => {} });
}

/* Anything that takes the same orders over HTTP: `server` as the chaos run's Service, `first` what its first turn begins with. */
function httpContestant({ name, what, server, first, token, postgres }) {
    let begun = false;
    return {
        name,
        what,
        async turn({ seconds, connections }) {
            checkpoint(postgres);
            await server.start();
            await server.ready();
            if (!begun) await first();
            begun = true;
            await wrk(server.url, token, { seconds: WARM_SECONDS, connections });
            const result = await wrk(server.url, token, { seconds, connections });
            await server.stop();
            return result;
        },
    };
}

async function wrk(url, token, { seconds, connections }) {
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', 'bench/orders.lua', url];
    const { stdout } = await run('wrk', args, { env: { ...process.env, TOKEN: token, CUSTOMERS: String(CUSTOMERS) } });
    const { requests, micros, p50, p99, refused, broken } = JSON.parse(stdout.split('\n').find((line) => line.startsWith('{')));
    if (refused + broken > 0) throw new Error(`wrk: ${refused} answers were refusals, ${broken} connections broke`);
    return { rate: requests / (micros / 1e6), p50, p99 };
}

async function pgbenchContestant(around) {
    const { postgres, folder, name, clients, script, words } = around;
    pgbenchBase ??= makePgbenchBase(around);
    const base = await pgbenchBase;
    return {
        name,
        what: `${words}, ${clients} clients`,
        async turn({ seconds }) {
            checkpoint(postgres);
            const logs = join(folder, `${name}-${Date.now()}`);
            mkdirSync(logs);
            await pgbench({ base, clients, script, seconds: WARM_SECONDS });
            const stdout = await pgbench({ base, clients, script, seconds, logs });
            if (!/number of failed transactions: 0 /.test(stdout)) throw new Error(`pgbench: transactions failed\n${stdout}`);
            return { rate: Number(/tps = ([0-9.]+) \(without/.exec(stdout)[1]), ...percentiles(logs) };
        },
    };
}

async function pgbench({ base, clients, script, seconds, logs }) {
    const log = logs === undefined ? [] : ['--log', `--log-prefix=${join(logs, 'transactions')}`];
    const args = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds), '-f', `bench/${script}.sql`, '-D', `customers=${CUSTOMERS}`, ...log, base];
    const { stdout } = await run(join(programs(), 'pgbench'), args, { maxBuffer: OUTPUT_MAX });
    return stdout;
}

/* The third word of each line is the transaction's microseconds. */
function percentiles(logs) {
    const times = readdirSync(logs).flatMap((name) => readFileSync(join(logs, name), 'utf8').trim().split('\n').map((line) => Number(line.split(' ')[2])));
    times.sort((a, b) => a - b);
    return { p50: times[Math.floor(times.length * 0.5)], p99: times[Math.floor(times.length * 0.99)] };
}

function checkpoint({ address }) {
    execFileSync('psql', ['-Xq', '-d', address, '-c', 'checkpoint']);
}
