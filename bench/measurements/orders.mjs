// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Durable orders a second, closed loop: the service, the peers, and pgbench writing one order per transaction.
 */
import { pgbench } from '../pgbench.mjs';
import { PEERS } from '../peers.mjs';
import { WHAT, makeDatabase, makeServer, once, whileRunning } from '../servers.mjs';
import { micros, ratio, table, whole } from '../words.mjs';
import { warmAndMeasure } from '../wrk.mjs';

/* 32 clients keep two cores busy; 256 are as many as the service has. */
const CLIENTS = [32, 256];
const SCRIPTS = [
    { script: 'transaction', words: 'pgbench, a transaction of five steps for each order' },
    { script: 'statement', words: 'pgbench, one statement for each order' },
];
const PHONE = '+254712345678';

/* What everything is compared with: the transaction of an application with as many connections, the most that pgbench reaches, the peers. */
const BASES = ['transaction-256', 'statement-32', 'go', 'fastify', 'django'];

/* Several measurements load the same servers, each with a database of its own. */
function serverContestant(name, { kind = name, what = WHAT[kind], ...options } = {}) {
    let server;
    return {
        name,
        what,
        async turn(around, { seconds, connections }) {
            server ??= await makeServer(kind, around, options);
            return whileRunning([server], around, ({ url }) => warmAndMeasure(url, { token: around.token, seconds, connections }));
        },
    };
}

function pgbenchContestants() {
    let make;
    return SCRIPTS.flatMap(({ script, words }) => CLIENTS.map((clients) => ({
        name: `${script}-${clients}`,
        what: `${words}, ${clients} clients`,
        async turn(around, { seconds }) {
            make ??= once(() => makeDatabase(around));
            return pgbench(around, { base: await make(), script: `bench/${script}.sql`, clients, seconds, variables: { customers: '100' } });
        },
    })));
}

export const orders = {
    name: 'orders',
    title: 'Durable orders a second',
    contestants: () => [
        serverContestant('agizo-postgres'),
        ...pgbenchContestants(),
        serverContestant('agizo-sqlite'),
        serverContestant('agizo-postgres-sms', { kind: 'agizo-postgres', what: 'Agizo on PostgreSQL, sending each SMS to the log', phone: PHONE }),
        ...Object.keys(PEERS).map((name) => serverContestant(name)),
    ],
    section(results, { connections }) {
        const figures = results.figures('orders');
        const bases = BASES.map((base) => results.figure(`orders/${base}`)).filter(Boolean);
        const head = ['', 'orders/s', 'spread', '50 %', '99 %', ...bases.map(({ name }) => `× ${name}`)];
        return `The service takes \`POST /v1/orders\` from ${connections} connections with a bearer token (RS256) and answers 201 when order row and message row
are committed. pgbench writes the same two rows into the same tables, one transaction for each order: as applications do
(\`bench/transaction.sql\`), and in a single statement (\`bench/statement.sql\`). The customers have no phone number and nothing is sent,
but in the row that says so. The peers are described in \`bench/peers/README.md\`.

${table(head, figures.map(({ what, rate, least, most, p50, p99 }) => [what, whole(rate), `${whole(least)}–${whole(most)}`, micros(p50), micros(p99),
        ...bases.map((base) => ratio(rate / base.rate))]))}`;
    },
};
