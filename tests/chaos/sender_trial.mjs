// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * One chaos run of the sender on one store: a gateway that fails in every way, copies that die, and then the question what became of the SMS.
 *
 *   copies start → customers → ┌ orders are posted                               ┐ until enough went wrong → orders stop → the gateway is well
 *                              │ bursts of faults at the gateway (sabotage.mjs)   │   → queue and leases run out → SIGTERM → dump → judge
 *                              │ kill -9 of a copy at random, start again          │
 *                              └ numbers opt out; the switch goes off and on        ┘
 *
 * On PostgreSQL three copies work on one database: two are killed, the first is frozen once for longer than its lease. On SQLite there is one.
 * Clients and gateway live in this process; their journals are files, flushed before each step goes on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startIdentity } from '../../dev/identity.mjs';
import { Attempts } from './attempts.mjs';
import { Copies } from './copies.mjs';
import { dumpPostgres, dumpSqlite } from './dump.mjs';
import { exchange } from './load.mjs';
import { startPostgres } from './postgres.mjs';
import { Random } from './random.mjs';
import { Sabotage } from './sabotage.mjs';
import { judgeSender } from './sender_checker.mjs';

const COPIES = { postgres: 3, sqlite: 1 };
const CONNECTIONS = 9;
const THINK_MS = 250;
const TIMEOUT_S = 1; /* of a gateway call */
const LEASE_MS = TIMEOUT_S * 1000 + 30_000; /* LEASE_MARGIN_MS in src/sms/dispatcher.h */

/* Of the customers, by place: the gateway refuses some numbers for good (403), knows others as opted out (406); some opt out on the way. */
const CUSTOMERS = 160;
const places = (first, count) => Array.from({ length: count }, (_, at) => first + at);
const REFUSED = places(0, 5);
const BLOCKED = places(5, 5);
const LEAVERS = places(10, 20);

const SENDER = 'AGIZO';
const SECRET = 'callbacks-of-the-chaos-run';
const SCOPE = 'customers:write orders:write messages:read messages:write';
const LEAVE_MS = { least: 300, most: 3_000 }; /* between two opt-outs */
const SWITCH_MS = { least: 300, most: 9_000 }; /* that the switch is on */
const FIRST_MS = 1_000; /* and until the first of them */
const HALTED_MS = { least: 1_500, most: 3_000 };
const FROZEN_CALLS = { count: 60, delayMs: 700, afterMs: 300 };
/* A sender that sends no more, or a copy that does not come back, must end the run as well. */
const BEGUN_WITHIN_MS = 30_000;
const FAULT_WITHIN_MS = 1_000;
const TRIES = 50;
const TRY_MS = 100;
const DRY_WITHIN_MS = 150_000;
const QUIET_MS = 2_500; /* longer than the sweep takes to match the last reports */
const POLL_MS = 200;

/**
 * Runs the whole story.
 * @param {{program: string, store: 'sqlite' | 'postgres', faults: number, seed: number, leases?: boolean}} options without `leases` nothing waits for the end
 *        of a lease: no copy is frozen, and messages that a kill left in mid-call stay so
 * @returns {Promise<{findings: object[], faults: object, kills: number, orders: number, seconds: number, folder: string}>} the folder stays when something was found
 */
export async function runSenderTrial({ program, store, faults, seed, leases = true }) {
    const begun = Date.now();
    const world = await makeWorld({ program, store, seed });
    try {
        await populate(world);
        await disturb(world, { faults, freeze: leases && store === 'postgres' });
        await runDry(world, leases);
        const findings = await testify(world, faults);
        world.good = findings.every(({ wrong }) => wrong.length === 0);
        const seconds = (Date.now() - begun) / 1000;
        return { findings, faults: world.sabotage.count(), kills: world.copies.kills, orders: world.attempts.all().length, seconds, folder: world.folder };
    } finally {
        await endWorld(world);
    }
}

async function makeWorld({ program, store, seed }) {
    const random = new Random(seed);
    const folder = mkdtempSync(join(tmpdir(), 'agizo-sender-'));
    const postgres = store === 'postgres' ? await startPostgres({ settings: { track_commit_timestamp: 'on' } }) : undefined;
    const identity = await startIdentity();
    const sabotage = await Sabotage.open({ journal: join(folder, 'gateway.jsonl'), random });
    const file = join(folder, 'agizo.db');
    const { url, username, apiKey } = sabotage.gateway;
    const copies = await Copies.make(program, {
        count: COPIES[store],
        folder,
        settings: {
            AGIZO_DATABASE: postgres?.address ?? `sqlite:${file}`,
            AGIZO_OIDC_ISSUER: identity.issuer,
            AGIZO_OIDC_AUDIENCE: identity.audience,
            AGIZO_SMS_GATEWAY: 'africastalking',
            AGIZO_SMS_SENDER: SENDER,
            AGIZO_SMS_TIMEOUT: String(TIMEOUT_S),
            AGIZO_SMS_CALLBACK_SECRET: SECRET,
            AGIZO_SMS_RESUME_RATE: '0',
            AGIZO_AT_URL: url,
            AGIZO_AT_USERNAME: username,
            AGIZO_AT_API_KEY: apiKey,
        },
    });
    return {
        folder, postgres, identity, random, sabotage, copies,
        token: await identity.serviceToken({ scope: SCOPE }),
        attempts: await Attempts.open(join(folder, 'client.jsonl')),
        dump: () => (postgres === undefined ? dumpSqlite(file) : dumpPostgres(postgres.address, { commits: true })),
        optOuts: [],
        halts: [],
        enough: new AbortController(), /* has enough gone wrong? */
        frozen: Promise.resolve(),
    };
}

/* The evidence of a run that found something stays. */
async function endWorld({ folder, postgres, identity, sabotage, copies, attempts, good }) {
    await copies.end();
    await Promise.all([identity.close(), sabotage.close(), attempts.close(), postgres?.stop()]);
    if (good) rmSync(folder, { recursive: true, force: true });
}

function numberOf(customer) {
    return `+2547124${String(customer).padStart(5, '0')}`;
}

function callbackUrl(service, kind) {
    return `${service}/v1/callbacks/africastalking/${SECRET}/${kind}`;
}

async function populate({ copies, sabotage, token }) {
    await copies.start();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    for (let customer = 0; customer < CUSTOMERS; customer++) {
        const body = { code: codeOf(customer), name: `Customer ${customer}`, phone: numberOf(customer) };
        const { status, text } = await exchange(`${copies.first.url}/v1/customers`, { headers, body });
        if (status !== 201) throw new Error(`a customer was answered with ${status}: ${text}`);
    }
    const standing = [...REFUSED.map((customer) => ({ mode: 403, to: numberOf(customer) })), ...BLOCKED.map((customer) => ({ mode: 406, to: numberOf(customer) }))];
    sabotage.begin({ standing, callbacks: copies.urls.map((url) => callbackUrl(url, 'delivery')) });
}

function codeOf(customer) {
    return `C${customer}`;
}

async function disturb(world, { faults, freeze }) {
    const { copies, attempts, token, random, sabotage } = world;
    const codes = places(0, CUSTOMERS).map(codeOf);
    copies.load({ token, attempts, codes, random, connections: CONNECTIONS / copies.urls.length, think: THINK_MS });
    const others = Promise.all([copies.kill(random), leave(world), turnTheSwitch(world)]);
    others.catch(() => world.enough.abort());
    if (freeze) await freezeFirst(world);
    const deadline = Date.now() + BEGUN_WITHIN_MS + faults * FAULT_WITHIN_MS;
    while (injected(world) < faults && Date.now() < deadline && !world.enough.signal.aborted) await sabotage.burst();
    sabotage.end();
    world.enough.abort();
    copies.rest();
    world.fenced = await world.frozen;
    await others;
    await copies.settle();
}

function injected({ sabotage }) {
    const { refused, unanswered } = sabotage.count();
    return refused + unanswered;
}

/* With calls on their way, whose answers come while it is frozen. `frozen` tells how many settlements were refused when it woke. */
async function freezeFirst(world) {
    const { copies, sabotage } = world;
    sabotage.hold(FROZEN_CALLS.count, FROZEN_CALLS.delayMs);
    await pause(FROZEN_CALLS.afterMs);
    world.frozen = copies.freeze(LEASE_MS + QUIET_MS).then(async (refused) => {
        for (let left = TRIES; left > 0 && await refused() === 0; left--) await pause(TRY_MS);
        return refused();
    });
}

/* False, at once, when the run is over before the time is; a frozen copy hears nothing, so nobody talks to it. */
async function isTime(world, ms) {
    await pause(ms, undefined, { signal: world.enough.signal }).catch(() => {});
    await world.frozen;
    return !world.enough.signal.aborted;
}

/* The gateway tells of those that opt out, to any copy that listens. */
async function leave(world) {
    const { copies, random, sabotage, optOuts } = world;
    for (const customer of LEAVERS) {
        if (!await isTime(world, customer === LEAVERS[0] ? FIRST_MS : random.integer(LEAVE_MS.least, LEAVE_MS.most))) return;
        const to = numberOf(customer);
        for (let left = TRIES; left > 0; left--) {
            const url = copies.urls[random.integer(0, copies.urls.length - 1)];
            if (await sabotage.gateway.callback({ senderId: SENDER, phoneNumber: to }, callbackUrl(url, 'optout')) === 200) {
                optOuts.push({ to, at: Date.now() });
                break;
            }
            await pause(TRY_MS);
        }
    }
}

async function turnTheSwitch(world) {
    const { random, halts } = world;
    while (await isTime(world, halts.length === 0 ? FIRST_MS : random.integer(SWITCH_MS.least, SWITCH_MS.most))) {
        await putSwitch(world, false);
        const from = Date.now();
        await pause(random.integer(HALTED_MS.least, HALTED_MS.most));
        halts.push({ from, to: Date.now() });
        await putSwitch(world, true);
    }
}

async function putSwitch({ copies, token }, sending) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    for (let left = TRIES; left > 0; left--) {
        const reply = await fetch(`${copies.first.url}/v1/gateway`, { method: 'PUT', headers, body: JSON.stringify({ sending }) }).catch(() => undefined);
        await reply?.body?.cancel();
        if (reply?.status === 200) return;
        await pause(TRY_MS);
    }
    throw new Error('the switch cannot be turned');
}

async function isLeft({ copies, token }, state) {
    const reply = await fetch(`${copies.first.url}/v1/messages?state=${state}&limit=1`, { headers: { authorization: `Bearer ${token}` } });
    return (await reply.json()).data.length > 0;
}

/* Until nothing waits, and nothing has been sent or reported for a while. */
async function runDry(world, leases) {
    const { sabotage } = world;
    let seen;
    let since = Date.now();
    for (const deadline = since + DRY_WITHIN_MS; Date.now() < deadline; await pause(POLL_MS)) {
        const now = `${sabotage.gateway.journal().length} ${sabotage.reports().length}`;
        const busy = await isLeft(world, 'queued') || (leases && await isLeft(world, 'sending'));
        if (busy || now !== seen) since = Date.now();
        seen = now;
        if (Date.now() - since >= QUIET_MS) return;
    }
}

async function testify(world, faults) {
    const { attempts, copies, dump, sabotage, optOuts, halts, fenced } = world;
    await copies.stop();
    return judgeSender({
        attempts: attempts.all(),
        rows: dump(),
        sms: sabotage.gateway.journal(),
        reports: sabotage.reports(),
        codes: places(0, CUSTOMERS).map(codeOf),
        refused: REFUSED.map(numberOf),
        blocked: BLOCKED.map(numberOf),
        optOuts,
        halts,
        fenced,
        faults: { wanted: faults, injected: injected(world) },
        now: Date.now(),
    });
}
