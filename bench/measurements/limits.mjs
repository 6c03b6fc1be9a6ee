// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The limits: what PostgreSQL takes of the service's own batch statements, and what the service's HTTP layer answers without store and token.
 */
import { ROWS, SESSION, countRows, makeBatch } from '../batch.mjs';
import { pgbench } from '../pgbench.mjs';
import { makeDatabase, makeServer, once, whileRunning } from '../servers.mjs';
import { micros, ratio, table, whole } from '../words.mjs';
import { warmAndMeasure } from '../wrk.mjs';

const CLIENTS = [1, 2, 4];
const UNKNOWN_PATH = '/v1/nothing';

function batchContestants() {
    let make;
    return CLIENTS.map((clients) => ({
        name: `batch-${clients}`,
        what: `pgbench, ${ROWS} orders and messages a transaction, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
        async turn(around, { seconds }) {
            make ??= once(async () => {
                const base = await makeDatabase(around);
                return { base, ...makeBatch(around.folder, base) };
            });
            const batch = await make();
            const { rate, command, ...times } = await pgbench(around, { ...batch, clients, seconds, options: SESSION });
            checkRows(batch.base);
            return { rate: rate * ROWS, ...times, command: command.replace(batch.script, 'SCRIPT') };
        },
    }));
}

/* Rows that an existing identifier kept out would be counted and cost nothing: then the tables hold no whole batches. */
function checkRows(address) {
    const { orders, messages } = countRows(address);
    if (orders === 0 || orders % ROWS !== 0 || orders !== messages) throw new Error(`batches left ${orders} orders and ${messages} messages`);
}

/* The admin listener has one thread, the API as many as cores. An unknown path is the API's one answer that asks neither token nor store. */
function staticContestant(name, what, path, urlOf) {
    let server;
    return {
        name,
        what,
        async turn(around, { seconds, connections }) {
            server ??= await makeServer('agizo-sqlite', around);
            return whileRunning([server], around, (process) => warmAndMeasure(urlOf(process), { seconds, connections, load: { PATH_ONLY: path } }));
        },
    };
}

export const limits = {
    name: 'limits',
    title: 'The limits',
    contestants: () => [
        ...batchContestants(),
        staticContestant('static-api', `\`GET ${UNKNOWN_PATH}\`: 404 by every worker`, UNKNOWN_PATH, ({ url }) => url),
        staticContestant('static-admin', '`GET /livez`: 200 by the admin thread alone', '/livez', ({ adminUrl }) => adminUrl),
    ],
    section(results, { connections }) {
        const service = results.figure('orders/agizo-postgres');
        const share = ({ rate }) => (service ? `${ratio(100 * service.rate / rate)} %` : '–');
        return `pgbench runs the service's own statements (the inserts of orders and of messages in \`src/store/postgres/sql.def\`) with arrays of ${ROWS} rows, in one transaction
and one round trip, with the settings of the service's sessions; a rate of orders, each with its message; times are of a transaction. The script is
made by \`bench/batch.mjs\`.
The static answers come from the service's HTTP layer at ${connections} connections, without token and store.

${table(['', 'a second', 'spread', '50 %', '99 %', 'Agizo on PostgreSQL reaches'], results.figures('limits').map((figure) => [
        figure.what, whole(figure.rate), `${whole(figure.least)}–${whole(figure.most)}`, micros(figure.p50), micros(figure.p99), share(figure)]))}`;
    },
};

/** The best of pgbench's batches: orders a second, or undefined. */
export function bestBatch(results) {
    const rates = CLIENTS.map((clients) => results.figure(`limits/batch-${clients}`)?.rate).filter(Boolean);
    return rates.length > 0 ? Math.max(...rates) : undefined;
}
