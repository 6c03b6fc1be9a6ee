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

/** @param {{program: string, folder: string, identity: object, postgres: object}} around */
export async function makeContestants(around) {
    const { postgres, folder } = around;
    const token = await around.identity.serviceToken({ scope: SCOPE });
    const database = (name) => {
        execFileSync('psql', ['-Xq', '-d', postgres.address, '-c', `create database ${name}`]);
        return postgres.address.replace('/postgres?', `/${name}?`);
    };
    const service = (name, what, options) => serviceContestant({ ...around, token, name, what, ...options });
    const base = database('pgbench');
    await prepareForPgbench({ ...around, token, base });
    return [
        await service('agizo-postgres', 'Agizo on PostgreSQL', { address: database('orders') }),
        ...SCRIPTS.flatMap((script) => CLIENTS.map((clients) => pgbenchContestant({ postgres, folder, base, clients, ...script }))),
        await service('agizo-sqlite', 'Agizo on SQLite', { address: `sqlite:${join(folder, 'orders.db')}` }),
        await service('agizo-postgres-sms', 'Agizo on PostgreSQL, sending each SMS to the log', { address: database('sms'), phone: '0712345678' }),
    ];
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

async function prepareForPgbench(around) {
    const service = await makeService({ ...around, name: 'pgbench', address: around.base });
    await service.start();
    await service.ready();
    await makeCustomers({ ...around, url: service.url });
    await service.stop();
}

async function serviceContestant(around) {
    const service = await makeService(around);
    let made = false;
    return {
        name: around.name,
        what: around.what,
        async turn({ seconds, connections }) {
            checkpoint(around.postgres);
            await service.start();
            await service.ready();
            if (!made) await makeCustomers({ ...around, url: service.url });
            made = true;
            await wrk(service.url, around.token, { seconds: WARM_SECONDS, connections });
            const result = await wrk(service.url, around.token, { seconds, connections });
            await service.stop();
            return result;
        },
    };
}

async function wrk(url, token, { seconds, connections }) {
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', 'bench/orders.lua', url];
    const { stdout } = await run('wrk', args, { env: { ...process.env, TOKEN: token, CUSTOMERS: String(CUSTOMERS) } });
    const { requests, micros, p50, p99, refused, broken } = JSON.parse(stdout.split('\n').find((line) => line.startsWith('{')));
    if (refused + broken > 0) throw new Error(`wrk: ${refused} answers were refusals, ${broken} connections broke`);
    return { rate: requests / (micros / 1e6), p50, p99 };
}

function pgbenchContestant({ postgres, folder, base, clients, script, words }) {
    const name = `${script}-${clients}`;
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
