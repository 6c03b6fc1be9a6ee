// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The servers that measurements load: the service on each store and the peers, each made with a database of its own.
 *
 * A server has the methods of the chaos run's Service; it is started for its turn and ended after it, so that nothing of it runs while
 * others are measured. `around` is what a run of the bench has in common: {program, folder, identity, postgres, token}.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service } from '../tests/chaos/service.mjs';
import { fillCustomers, fillOrders, psql } from './fill.mjs';
import { PEERS, Peer, makeTables, preparePeer, saveKeySet } from './peers.mjs';

export const CUSTOMERS = 100;
export const SCOPE = 'customers:write orders:write orders:read messages:write';

/** What a server is, by its name. */
export const WHAT = {
    'agizo-postgres': 'Agizo on PostgreSQL',
    'agizo-sqlite': 'Agizo on SQLite',
    ...Object.fromEntries(Object.entries(PEERS).map(([name, { what }]) => [name, what])),
};

let databases = 0;

/** An empty database; its address. */
export function createDatabase({ address }) {
    const name = `bench${++databases}`;
    psql(address, '-c', `create database ${name}`);
    return address.replace('/postgres?', `/${name}?`);
}

/** A database with the service's tables and customers. */
export async function makeDatabase({ program, folder, postgres }, { sqlite = false, phone } = {}) {
    const address = sqlite ? `sqlite:${join(folder, `bench${++databases}.db`)}` : createDatabase(postgres);
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AGIZO_')));
    execFileSync(program, ['migrate'], { env: { ...env, AGIZO_DATABASE: address }, stdio: 'pipe' });
    await fillCustomers(address, CUSTOMERS, { phone });
    return address;
}

/**
 * Makes a server that is not started yet.
 * @param {string} name of WHAT
 * @param {{phone?: string, rows?: number, address?: string, settings?: Record<string, string>}} [options] the customers' number, how many
 *   orders are there, a database that stands already, settings of the service
 * @returns {Promise<{name: string, address: string, process: Service | Peer}>}
 */
export async function makeServer(name, around, { phone, rows = 0, address: given, settings = {} } = {}) {
    const peer = name in PEERS;
    if (peer) await preparePeer(name);
    const address = given ?? (peer ? createDatabase(around.postgres) : await makeDatabase(around, { sqlite: name === 'agizo-sqlite', phone }));
    if (peer) makeTables(address, CUSTOMERS);
    if (rows > 0) await fillOrders(address, rows);
    return { name, address, process: await (peer ? makePeer(name, around, address) : makeService(around, address, settings)) };
}

function makeService({ program, folder, identity: { issuer, audience } }, address, settings) {
    const own = { AGIZO_DATABASE: address, AGIZO_OIDC_ISSUER: issuer, AGIZO_OIDC_AUDIENCE: audience, ...settings };
    return Service.make(program, own, join(folder, 'service.log'));
}

async function makePeer(name, { folder, identity: { issuer, audience } }, address) {
    const keySet = await saveKeySet(issuer, folder);
    return Peer.make(name, { address, issuer, audience, keySet, log: join(folder, `${name}.log`) });
}

/** Starts the servers after a checkpoint, works, and ends them; when that fails, ends them in any way. */
export async function whileRunning(servers, { postgres }, work) {
    psql(postgres.address, '-c', 'checkpoint');
    const processes = servers.map((server) => server.process);
    try {
        await Promise.all(processes.map((process) => process.start().then(() => process.ready())));
        const result = await work(...processes);
        await Promise.all(processes.map((process) => process.stop()));
        return result;
    } catch (error) {
        await Promise.allSettled(processes.map((process) => (process.kill ? process.kill() : process.stop())));
        throw error;
    }
}

/** Makes a thing when it is first asked for, once: databases of a measurement that is not wanted are never filled. */
export function once(make) {
    let made;
    return () => { made ??= make(); return made; };
}

/** A field of /proc/PID/status, in KiB. */
export function memoryOf(pid, field) {
    return Number(new RegExp(`^${field}:\\s+([0-9]+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}
