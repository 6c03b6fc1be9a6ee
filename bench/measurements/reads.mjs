// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What reads cost: orders by id, list pages, and both among creates. Every database holds the same orders before (bench/fill.sql).
 */
import { WHAT, makeServer, whileRunning } from '../servers.mjs';
import { micros, ratio, table, whole } from '../words.mjs';
import { warmAndMeasure } from '../wrk.mjs';

const FILLED = 100_000;
const AGIZO = ['agizo-postgres', 'agizo-sqlite'];

/* `load` as of requests.lua. Reads change nothing, so those by id and the lists use one database of a server; mixed loads have their own. */
function contestants(names, load, servers = new Map()) {
    return names.map((name) => ({
        name,
        what: WHAT[name],
        async turn(around, { seconds, connections }) {
            if (!servers.has(name)) servers.set(name, await makeServer(name, around, { rows: FILLED }));
            const plan = { token: around.token, seconds, connections, load: { ROWS: FILLED, ...load } };
            return whileRunning([servers.get(name)], around, ({ url }) => warmAndMeasure(url, plan));
        },
    }));
}

const unchanged = new Map();

function rateTable(results, measurement, unit) {
    const go = results.figure(`${measurement}/go`);
    const rows = results.figures(measurement).map(({ what, rate, least, most, p50, p99 }) => [
        what, whole(rate), `${whole(least)}–${whole(most)}`, micros(p50), micros(p99), ...(go ? [ratio(rate / go.rate)] : [])]);
    return table(['', unit, 'spread', '50 %', '99 %', ...(go ? ['× go'] : [])], rows);
}

export const reads = {
    name: 'reads',
    title: 'Reads by id',
    contestants: () => contestants([...AGIZO, 'go', 'fastify', 'django'], { READS: 100 }, unchanged),
    section: (results, { connections }) => `\`GET /v1/orders/{id}\` at ${connections} connections, any of ${whole(FILLED)} orders, with its message's id and state, the token checked.

${rateTable(results, 'reads', 'reads/s')}`,
};

export const lists = {
    name: 'lists',
    title: 'List pages',
    contestants: () => contestants(AGIZO, { LISTS: 100 }, unchanged),
    section: (results, { connections }) => `\`GET /v1/orders?limit=50\`, the latest fifty of ${whole(FILLED)}, at ${connections} connections.

${rateTable(results, 'lists', 'pages/s')}`,
};

export const mixed = {
    name: 'mixed',
    title: 'Mixed load',
    contestants: () => contestants(AGIZO, { READS: 15, LISTS: 5 }),
    section: (results, { connections }) => `Of a hundred requests 80 create an order, 15 read one by id, 5 read a page of fifty; ${connections} connections, ${whole(FILLED)} orders at the start.

${rateTable(results, 'mixed', 'requests/s')}`,
};
