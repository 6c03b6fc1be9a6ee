// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What an order leaves in PostgreSQL: bytes of tables, indexes and write-ahead log, before and after a turn of creates.
 */
import { psql } from '../fill.mjs';
import { WHAT, makeServer, whileRunning } from '../servers.mjs';
import { table, whole } from '../words.mjs';
import { warmAndMeasure } from '../wrk.mjs';

const SERVERS = ['agizo-postgres', 'go'];
/* pg_table_size is pg_total_relation_size without the indexes. Counting is last: it may itself write to the log. */
const QUERY = `select pg_table_size('orders'), pg_indexes_size('orders'), pg_table_size('messages'), pg_indexes_size('messages'),
    pg_current_wal_lsn() - '0/0', (select count(*) from orders)`;

function look(address) {
    const [ordersTable, ordersIndexes, messagesTable, messagesIndexes, wal, count] = psql(address, '-c', QUERY).split('|').map(Number);
    return { ordersTable, ordersIndexes, messagesTable, messagesIndexes, wal, count };
}

function contestant(name) {
    let server;
    return {
        name,
        what: WHAT[name],
        async turn(around, { seconds, connections }) {
            server ??= await makeServer(name, around);
            return whileRunning([server], around, async ({ url }) => {
                const before = look(server.address);
                const { command } = await warmAndMeasure(url, { token: around.token, seconds, connections });
                return { ...perOrder(before, look(server.address)), command };
            });
        },
    };
}

function perOrder(before, after) {
    const count = after.count - before.count;
    const each = Object.fromEntries(Object.keys(after).map((key) => [key, (after[key] - before[key]) / count]));
    return { ...each, count, table: each.ordersTable + each.messagesTable, indexes: each.ordersIndexes + each.messagesIndexes };
}

export const space = {
    name: 'space',
    title: 'Bytes of an order in PostgreSQL',
    once: true,
    contestants: () => SERVERS.map(contestant),
    section: (results, { connections }) => `How \`pg_table_size\`, \`pg_indexes_size\` and \`pg_current_wal_lsn()\` grew while ${connections} connections created orders, by the orders that came; order row and message
row together. The log includes the first full image of each page after the checkpoint that every turn begins with.

${table(['bytes', 'orders', 'their indexes', 'messages', 'their indexes', 'table and indexes', 'log'], results.figures('space').map((figure) => [figure.what,
        whole(figure.ordersTable), whole(figure.ordersIndexes), whole(figure.messagesTable), whole(figure.messagesIndexes), whole(figure.table + figure.indexes),
        whole(figure.wal)]))}`,
};
