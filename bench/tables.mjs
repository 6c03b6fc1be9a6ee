// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Whether the service's tables ask PostgreSQL for the same work as the peers': constraints and indexes side by side.
 *
 * The peers' are written down a second time (peers/schema.sql), and a foreign key more or less would be a part of every ratio. So the report
 * says what differs, in the words of the database.
 */
import { psql } from './fill.mjs';
import { makeTables } from './peers.mjs';
import { CUSTOMERS, createDatabase, makeDatabase } from './servers.mjs';

const TABLES = "('customers'::regclass), ('orders'), ('messages')";
const RULES = `select conrelid::regclass || ' ' || pg_get_constraintdef(c.oid) from pg_constraint c join (values ${TABLES}) t(id) on conrelid = t.id
    union all select pg_get_indexdef(indexrelid) from pg_index join (values ${TABLES}) t(id) on indrelid = t.id
    union all select t.id || ' with ' || array_to_string(reloptions, ', ') from pg_class p join (values ${TABLES}) t(id) on p.oid = t.id where reloptions is not null
    union all select t.id || ' trigger ' || tgname from pg_trigger join (values ${TABLES}) t(id) on tgrelid = t.id where not tgisinternal`;

/** One line for the report. */
export async function compareTables(around) {
    const own = await makeDatabase(around);
    const peers = createDatabase(around.postgres);
    makeTables(peers, CUSTOMERS);
    const [ours, theirs] = [own, peers].map((address) => psql(address, '-c', RULES).split('\n').sort());
    const differences = [listed('the service alone', missing(theirs, ours)), listed('the peers alone', missing(ours, theirs))].filter(Boolean);
    return differences.length > 0 ? `**they differ**: ${differences.join('; ')}` : 'the same constraints and indexes for the service and the peers';
}

function missing(from, all) {
    return all.filter((rule) => !from.includes(rule));
}

function listed(words, rules) {
    return rules.length > 0 ? `${words}: ${rules.map((rule) => `\`${rule}\``).join(', ')}` : undefined;
}
