// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The Node.js peer of the bench: Fastify and pg, one worker process per core.
 *
 * Settings come from the environment; bench/peers/README.md lists them. A worker that dies takes the whole peer with it: a bench wants to know.
 */
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { makeApp } from './app.js';
import { makeStore } from './store.js';

const { PEER_DATABASE, PEER_PORT, PEER_ISSUER, PEER_AUDIENCE, PEER_JWKS, PEER_POOL = '16', PEER_WORKERS } = process.env;

function lead() {
    const workers = Number(PEER_WORKERS ?? availableParallelism());
    for (let i = 0; i < workers; i++) cluster.fork();
    let stopping = false;
    const stop = () => {
        stopping = true;
        for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    cluster.on('exit', (worker, code) => {
        if (!stopping || code !== 0) process.exitCode = 1;
        if (!stopping) stop();
    });
}

async function work() {
    const store = makeStore(PEER_DATABASE, Number(PEER_POOL));
    const app = makeApp({
        store,
        keySet: JSON.parse(readFileSync(PEER_JWKS, 'utf8')),
        issuer: PEER_ISSUER,
        audience: PEER_AUDIENCE,
    });
    process.once('SIGTERM', async () => {
        await app.close();
        await store.close();
        process.disconnect();
    });
    await app.listen({ host: '127.0.0.1', port: Number(PEER_PORT) });
}

if (cluster.isPrimary) lead();
else await work();
