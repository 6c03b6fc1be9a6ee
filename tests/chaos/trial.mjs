// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * One chaos run on one store: load, kills, quiet, evidence.
 *
 *   make customers → ┌ load runs … kill -9 at a random moment → start again ┐ × kills → load stops → settle → outbox runs dry
 *                    └───────────────────────────────────────────────────────┘         → SIGTERM → dump → judge
 *
 * Some kills come before the service is ready, so that boot, migration and recovery are hit as well. The gateway takes a little time for
 * each answer, so that kills find messages on their way; it refuses some numbers for good. Clients and gateway live in this process and
 * survive; their journals are files, flushed before each step goes on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startGateway } from '../../dev/gateway.mjs';
import { startIdentity } from '../../dev/identity.mjs';
import { Attempts } from './attempts.mjs';
import { judge } from './checker.mjs';
import { dumpPostgres, dumpSqlite } from './dump.mjs';
import { Load, exchange } from './load.mjs';
import { startPostgres } from './postgres.mjs';
import { Random } from './random.mjs';
import { Service } from './service.mjs';

const CUSTOMERS = 40;
const REFUSED_CUSTOMERS = 2; /* the gateway answers 403 (InvalidPhoneNumber) for their numbers */
const GATEWAY_MS = 15;
const EARLY_KILLS = 0.2; /* share of the kills that come before the service is ready */
const EARLY_MS = 40;
const RUN_MS = { least: 20, most: 600 };
const DRY_WITHIN_MS = 120_000;
const DRY_POLL_MS = 200;
const SCOPE = 'customers:write orders:write messages:read';

/**
 * Runs the whole story.
 * @param {{program: string, store: 'sqlite' | 'postgres', kills: number, seed: number, connections?: number, leases?: boolean}} options with `leases`, waits until messages caught in mid-call have been settled by their lease's end
 * @returns {Promise<{findings: object[], kills: number, orders: number, seconds: number, folder: string}>} the folder stays when something was found
 */
export async function runTrial({ program, store, kills, seed, connections = 64, leases = true }) {
    const begun = Date.now();
    const random = new Random(seed);
    const world = await makeWorld(program, store);
    try {
        const codes = await makeCustomers(world);
        const load = new Load({ ...world, codes, random, connections });
        const clients = Array.from({ length: connections }, () => load.run());
        for (let kill = 1; kill <= kills; kill++) await killOnce(world.service, load, random);
        load.stop();
        await Promise.all(clients);
        await load.settle();
        load.close();
        await runDry(world, leases);
        const findings = await testify(world, codes);
        world.good = findings.every(({ wrong }) => wrong.length === 0);
        const seconds = (Date.now() - begun) / 1000;
        return { findings, kills, orders: world.attempts.all().length, seconds, folder: world.folder };
    } finally {
        await endWorld(world);
    }
}

async function makeWorld(program, store) {
    const folder = mkdtempSync(join(tmpdir(), 'agizo-chaos-'));
    const postgres = store === 'postgres' ? await startPostgres() : undefined;
    const identity = await startIdentity();
    const gateway = await startGateway({ journal: join(folder, 'gateway.jsonl') });
    const file = join(folder, 'agizo.db');
    const service = await Service.make(program, {
        AGIZO_DATABASE: postgres?.address ?? `sqlite:${file}`,
        AGIZO_OIDC_ISSUER: identity.issuer,
        AGIZO_OIDC_AUDIENCE: identity.audience,
        AGIZO_SMS_GATEWAY: 'africastalking',
        AGIZO_AT_URL: gateway.url,
        AGIZO_AT_USERNAME: gateway.username,
        AGIZO_AT_API_KEY: gateway.apiKey,
        AGIZO_SMS_TIMEOUT: '2',
    }, join(folder, 'service.log'));
    return {
        folder, postgres, identity, gateway, service,
        url: service.url,
        token: await identity.serviceToken({ scope: SCOPE }),
        attempts: await Attempts.open(join(folder, 'client.jsonl')),
        dump: () => (postgres === undefined ? dumpSqlite(file) : dumpPostgres(postgres.address)),
    };
}

/* The evidence of a run that found something stays. */
async function endWorld({ folder, postgres, identity, gateway, service, attempts, good }) {
    await service.kill();
    await Promise.all([identity.close(), gateway.close(), attempts.close(), postgres?.stop()]);
    if (good) rmSync(folder, { recursive: true, force: true });
}

function numberOf(customer) {
    return `+2547123${String(customer).padStart(5, '0')}`;
}

async function makeCustomers({ service, gateway, token, url }) {
    await service.start();
    await service.ready();
    gateway.control({ settings: { latencyMs: GATEWAY_MS }, rules: refusedNumbers().map((to) => ({ mode: 403, to })) });
    const codes = Array.from({ length: CUSTOMERS }, (_, customer) => `C${customer}`);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    for (const [customer, code] of codes.entries()) {
        const { status, text } = await exchange(`${url}/v1/customers`, { headers, body: { code, name: `Customer ${customer}`, phone: numberOf(customer) } });
        if (status !== 201) throw new Error(`a customer was answered with ${status}: ${text}`);
    }
    return codes;
}

function refusedNumbers() {
    return Array.from({ length: REFUSED_CUSTOMERS }, (_, customer) => numberOf(customer));
}

/* The service is up when this begins and when it ends; in between it dies once, or several times where a kill hits the start. */
async function killOnce(service, load, random) {
    await pause(random.integer(RUN_MS.least, RUN_MS.most));
    load.serviceGone();
    await service.kill();
    await service.start();
    if (random.chance(EARLY_KILLS)) {
        await pause(random.integer(0, EARLY_MS));
        await service.kill();
        await service.start();
    }
    await service.ready();
    load.serviceBack();
}

async function count(world, state) {
    const reply = await fetch(`${world.url}/v1/messages?state=${state}&limit=1`, { headers: { authorization: `Bearer ${world.token}` } });
    return (await reply.json()).data.length;
}

async function runDry(world, leases) {
    for (const deadline = Date.now() + DRY_WITHIN_MS; Date.now() < deadline; await pause(DRY_POLL_MS)) {
        if (await count(world, 'queued') > 0) continue;
        if (!leases || await count(world, 'sending') === 0) return;
    }
}

async function testify(world, codes) {
    await world.service.stop();
    return judge({
        attempts: world.attempts.all(),
        rows: world.dump(),
        sms: world.gateway.journal(),
        codes,
        refused: refusedNumbers(),
        now: Date.now(),
    });
}
