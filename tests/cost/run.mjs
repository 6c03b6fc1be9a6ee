// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * `make cost`: what a request costs, in counts that a busy machine does not change, against bounds.mjs.
 *
 *   AGIZO_BIN=build/agizo dev/node tests/cost/run.mjs [--store postgres|sqlite|both] [--only WORD] [--print]
 *
 * Each scenario (scenarios.mjs) runs under each meter (meters.mjs) on each store, with one worker. Counted per request: instructions,
 * allocations, system calls (`syscalls`; those that wait apart, as `waits`). Counted per group of requests that arrive together: transactions
 * (`batches`; a group of orders is one where this is 1, so the next two are then per batch), round trips to PostgreSQL (`trips`), statements.
 * --only takes the scenarios whose name holds WORD; --print prints bounds.mjs anew, from what was measured (all of it: not with --only or --store).
 *
 * Instructions depend on the compiler and on the libraries, and a little on the processor: valgrind shows the program one of its own (no
 * SHA or AVX-512 instructions), but AVX2 only where the machine has it, and libc and OpenSSL choose their code by that. Needs leave to trace
 * processes of one's own (ptrace), for strace.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startIdentity } from '../../dev/identity.mjs';
import { programs, startPostgres } from '../chaos/postgres.mjs';
import { Service } from '../chaos/service.mjs';
import { BOUNDS } from './bounds.mjs';
import { Client } from './client.mjs';
import { Callgrind, Strace, Traffic } from './meters.mjs';
import { formatBounds, judge } from './report.mjs';
import { CUSTOMERS, ORDERS, SCENARIOS, WARM_UP } from './scenarios.mjs';
import { Wire } from './wire.mjs';

const METERS = { Callgrind, Strace, Traffic };
const STORES = ['postgres', 'sqlite'];
const PER_REQUEST = ['instructions', 'allocations', 'syscalls', 'waits'];
const SMS_WITHIN_MS = 20_000;
const SMS_POLL_MS = 100;

function say(text) {
    process.stdout.write(`${text}\n`);
}

function readOptions() {
    const { values } = parseArgs({
        options: {
            store: { type: 'string', default: 'both' },
            only: { type: 'string', default: '' },
            print: { type: 'boolean', default: false },
        },
    });
    if (![...STORES, 'both'].includes(values.store)) throw new Error(`--store takes ${STORES.join(', ')} or both, not "${values.store}"`);
    const scenarios = SCENARIOS.filter(({ name }) => name.includes(values.only));
    return { stores: STORES.filter((store) => ['both', store].includes(values.store)), scenarios, print: values.print };
}

async function main() {
    const { stores, scenarios, print } = readOptions();
    const world = await makeWorld(stores);
    const results = {};
    try {
        for (const store of stores) results[store] = await measureStore(world, store, scenarios);
        rmSync(world.folder, { recursive: true, force: true });
    } catch (error) {
        say(`cost: the services' logs are in ${world.folder}`);
        throw error;
    } finally {
        await endWorld(world);
    }
    if (print) say(formatBounds(results));
    else process.exitCode = judge(results, BOUNDS, say) ? 0 : 1;
}

async function makeWorld(stores) {
    const folder = mkdtempSync(join(tmpdir(), 'agizo-cost-'));
    const identity = await startIdentity();
    return {
        folder,
        identity,
        program: process.env.AGIZO_BIN ?? 'build/agizo',
        token: await identity.serviceToken({ scope: 'customers:write orders:write orders:read' }),
        postgres: stores.includes('postgres') ? await startPostgres() : undefined,
    };
}

async function endWorld({ identity, postgres }) {
    await identity.close();
    await postgres?.stop();
}

/** @returns {Promise<Record<string, object>>} by scenario: all counts, and `parts` */
async function measureStore(world, store, scenarios) {
    const results = Object.fromEntries(scenarios.map(({ name }) => [name, { parts: {} }]));
    for (const meter of Object.keys(METERS)) {
        const counted = await measureWith(world, store, { meter, scenarios });
        for (const [name, { parts, ...counts }] of counted) {
            Object.assign(results[name], counts);
            Object.assign(results[name].parts, parts);
        }
    }
    return results;
}

async function measureWith(world, store, { meter: name, scenarios }) {
    const folder = join(world.folder, `${store}-${name}`);
    mkdirSync(folder);
    const wire = store === 'postgres' && name === 'Traffic' ? await Wire.open(folder, world.postgres.folder) : undefined;
    const meter = new METERS[name]({ program: world.program, folder, wire });
    const service = await Service.make(meter.program, {
        ...meter.settings,
        AGIZO_DATABASE: store === 'sqlite' ? `sqlite:${join(folder, 'agizo.db')}` : makeDatabase(world.postgres, name.toLowerCase(), wire && folder),
        AGIZO_OIDC_ISSUER: world.identity.issuer,
        AGIZO_OIDC_AUDIENCE: world.identity.audience,
        AGIZO_WORKERS: '1',
    }, join(folder, 'service.log'));
    await service.start();
    await service.ready();
    await meter.attach(service);
    const ids = await prepare(service, world.token);
    const results = [];
    for (const scenario of scenarios) results.push([scenario.name, await measure(scenario, { service, meter, ids, token: world.token })]);
    await service.stop();
    wire?.close();
    return results;
}

/* Each service has a database of its own; `through` is the folder of a socket that leads there. */
function makeDatabase(postgres, name, through = postgres.folder) {
    execFileSync(join(programs(), 'createdb'), ['-h', postgres.folder, '-U', 'postgres', name]);
    return `postgres://postgres@/${name}?host=${encodeURIComponent(through)}`;
}

/* The customers, and the orders that are read: their ids. */
async function prepare(service, token) {
    const client = await Client.open({ service, token, count: 1 });
    const post = async (target, body) => {
        const [{ status, json }] = await client.together([{ method: 'POST', target, body: JSON.stringify(body) }]);
        if (status !== 201) throw new Error(`${target} answered ${status}: ${JSON.stringify(json)}`);
        return json;
    };
    for (const customer of Object.values(CUSTOMERS)) await post('/v1/customers', customer);
    const ids = [];
    for (let n = 0; n < ORDERS; n++) ids.push((await post('/v1/orders', { customer: CUSTOMERS.silent.code, item: 'Salt', amount: '1.00' })).id);
    client.close();
    return ids;
}

async function measure(scenario, { service, meter, ids, token }) {
    const { together } = scenario;
    const groups = scenario.groups * meter.times;
    const client = await Client.open({ service, token, count: together });
    const load = new Load(scenario, { client, service, ids });
    await load.run(WARM_UP);
    await meter.start();
    await load.run(groups);
    const { parts, ...counts } = await meter.stop();
    client.close();
    if (!scenario.writes) delete counts.batches;
    const per = (name, count) => count / (PER_REQUEST.includes(name) ? together * groups : groups);
    return {
        ...mapValues(counts, per),
        parts: mapValues(parts, (name, all) => mapValues(all, (part, count) => per(name, count))),
    };
}

/** The groups of one scenario; requests are numbered through warm-up and measurement. */
class Load {
    #scenario;
    #place;
    #next = 0;

    constructor(scenario, place) {
        this.#scenario = scenario;
        this.#place = place;
    }

    async run(groups) {
        const { client, service } = this.#place;
        const sent = this.#scenario.sms ? await service.metric(SMS_SENT) || 0 : 0; /* not there before the first */
        for (let group = 0; group < groups; group++) this.#expect(await client.together(this.#group()));
        if (this.#scenario.sms) await untilSent(service, sent + groups * this.#scenario.together);
    }

    #group() {
        return Array.from({ length: this.#scenario.together }, () => this.#scenario.request(this.#next++, this.#place.ids));
    }

    #expect(answers) {
        const other = answers.find(({ status }) => status !== this.#scenario.status);
        if (other !== undefined) throw new Error(`${this.#scenario.name} was answered ${other.status}: ${JSON.stringify(other.json)}`);
    }
}

const SMS_SENT = 'agizo_sms_sends_total{state="accepted"}';

async function untilSent(service, count) {
    for (const deadline = Date.now() + SMS_WITHIN_MS; Date.now() < deadline; await pause(SMS_POLL_MS)) {
        if (await service.metric(SMS_SENT) >= count) return;
    }
    throw new Error('the messages were not handed to the gateway');
}

function mapValues(object, change) {
    return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(name, value)]));
}

await main();
