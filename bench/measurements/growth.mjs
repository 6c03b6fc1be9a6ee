// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * How the service on PostgreSQL grows: with connections, with the orders that are there, with copies of itself. One round of each.
 */
import { makeDatabase, makeServer, once, whileRunning } from '../servers.mjs';
import { micros, table, whole } from '../words.mjs';
import { warmAndMeasure, wrkAll } from '../wrk.mjs';

const CONNECTIONS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/* Filling the larger ones takes minutes, and the largest ten gigabytes. */
const ROWS = [1_000, 10_000, 100_000];
const ROWS_FULL = [...ROWS, 1_000_000, 10_000_000];
const COPIES = [1, 2, 3];

function connectionsContestants() {
    let make;
    return CONNECTIONS.map((connections) => ({
        name: `connections-${connections}`,
        what: whole(connections),
        async turn(around, { seconds }) {
            make ??= once(() => makeServer('agizo-postgres', around));
            return whileRunning([await make()], around, ({ url }) => warmAndMeasure(url, { token: around.token, seconds, connections }));
        },
    }));
}

/* Reads first: the creates that follow make the table grow. A page is timed with one connection, so that it waits for nobody. */
function rowsContestant(rows) {
    return {
        name: `rows-${rows}`,
        what: whole(rows),
        async turn(around, { seconds, connections }) {
            const server = await makeServer('agizo-postgres', around, { rows });
            const plan = { token: around.token, seconds, connections };
            return whileRunning([server], around, async ({ url }) => {
                const read = await warmAndMeasure(url, { ...plan, load: { ROWS: rows, READS: 100 } });
                const list = await warmAndMeasure(url, { ...plan, connections: 1, load: { LISTS: 100 } });
                const create = await warmAndMeasure(url, plan);
                return { reads: read.rate, page: list.p50, creates: create.rate, command: [read, list, create].map(({ command }) => command).join('\n') };
            });
        },
    };
}

function copiesContestants() {
    let make;
    return COPIES.map((copies) => ({
        name: `copies-${copies}`,
        what: whole(copies),
        async turn(around, { seconds, connections }) {
            make ??= once(() => makeDatabase(around));
            const address = await make();
            const servers = await Promise.all(Array.from({ length: copies }, () => makeServer('agizo-postgres', around, { address })));
            return whileRunning(servers, around, (...processes) => wrkAll(processes.map(({ url }) => url), { token: around.token, seconds, connections }));
        },
    }));
}

const rateRow = ({ what, rate, p50, p99 }) => [what, whole(rate), micros(p50), micros(p99)];

export const growthConnections = {
    name: 'connections',
    title: 'Growth with connections',
    once: true,
    contestants: connectionsContestants,
    section: (results) => table(['connections', 'orders/s', '50 %', '99 %'], results.figures('connections').map(rateRow)),
};

export const growthRows = {
    name: 'rows',
    title: 'Growth with the orders that are there',
    once: true,
    contestants: ({ full }) => (full ? ROWS_FULL : ROWS).map(rowsContestant),
    section: (results, { connections }) => `Filled by \`bench/fill.sql\`, then vacuumed. Reads by id at ${connections} connections; the median time of a page of fifty with one connection; then orders at
${connections} connections, which themselves add to the table.

${table(['orders there', 'reads by id/s', 'a list page', 'orders/s'], results.figures('rows').map(({ what, reads, page, creates }) => [what, whole(reads), micros(page), whole(creates)]))}`,
};

export const growthCopies = {
    name: 'copies',
    title: 'Growth with copies',
    once: true,
    contestants: copiesContestants,
    section: (results, { connections }) => `Copies of the service on one database and one machine; they share its cores with PostgreSQL and the generators. ${connections} connections in all;
times are those of the slowest copy.

${table(['copies', 'orders/s', '50 %', '99 %'], results.figures('copies').map(rateRow))}`,
};
