// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * How long an order takes: at half of the server's own peak, arriving at a fixed rate; and alone, one connection.
 */
import { buildOpenLoop, openLoop } from '../openloop.mjs';
import { CUSTOMERS, WHAT, makeServer, once, whileRunning } from '../servers.mjs';
import { micros, table, whole } from '../words.mjs';
import { WARM_SECONDS, warmAndMeasure } from '../wrk.mjs';

const SERVERS = ['agizo-postgres', 'agizo-sqlite', 'go'];
const build = once(buildOpenLoop);

function halfPeakContestant(name) {
    let server;
    return {
        name,
        what: WHAT[name],
        async turn(around, { seconds, connections, results }) {
            await build();
            server ??= await makeServer(name, around);
            return whileRunning([server], around, async ({ url }) => {
                const peak = results.figure(`orders/${name}`)?.rate ?? (await warmAndMeasure(url, { token: around.token, seconds, connections })).rate;
                return atRate(url, { token: around.token, rate: Math.round(peak / 2), seconds, connections });
            });
        },
    };
}

async function atRate(url, { rate, ...options }) {
    const plan = { rate, ...options, customers: CUSTOMERS, warmup: WARM_SECONDS };
    const { errors, p50, p90, p99, p999, max } = await openLoop(url, plan);
    if (errors > 0) throw new Error(`openloop: ${errors} orders were refused, broken or not answered at ${rate} a second`);
    const { seconds, connections } = options;
    return { asked: rate, p50, p90, p99, p999, max, command: `TOKEN=… build-bench/openloop --url URL --rate R --seconds ${seconds} --connections ${connections}` };
}

function singleContestant(name) {
    let server;
    return {
        name,
        what: WHAT[name],
        async turn(around, { seconds }) {
            server ??= await makeServer(name, around);
            return whileRunning([server], around, ({ url }) => warmAndMeasure(url, { token: around.token, seconds, connections: 1 }));
        },
    };
}

export const latency = {
    name: 'latency',
    title: 'Latency at half the peak',
    contestants: () => SERVERS.map(halfPeakContestant),
    section: (results, { connections }) => `Orders arrive at a fixed rate, half of what the same server reached in this run, whatever the server does; latency counts from the time
a request was due (\`bench/openloop.c\`, ${connections} connections).

${table(['', 'orders/s', '50 %', '90 %', '99 %', '99.9 %', 'greatest'], results.figures('latency').map(({ what, asked, p50, p90, p99, p999, max }) => [
        what, whole(asked), micros(p50), micros(p90), micros(p99), micros(p999), micros(max)]))}`,
};

export const single = {
    name: 'single',
    title: 'Latency of one connection',
    contestants: () => SERVERS.map(singleContestant),
    section: (results) => `One connection that sends the next order when it has the answer: what a client waits when nobody else is there.

${table(['', '50 %', '99 %', 'orders/s'], results.figures('single').map(({ what, p50, p99, rate }) => [what, micros(p50), micros(p99), whole(rate)]))}`,
};
