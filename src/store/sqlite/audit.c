/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log on SQLite: entries, and its lists.
 *
 * Entries are written on the writer's thread, inside its transaction; pages are read on a reader's. A page asks for one row more than
 * its limit: that row is only the answer to "more". Failures are left as the connection's mark.
 */
#include "store/sqlite/audit.h"

#include "core/check.h"
#include "store/sqlite/query.h"
#include "store/sqlite/transaction.h"

void audit_insert(struct connection *connection, const struct audit_entry *entry)
{
    static const struct uuid none;
    if (uuid_equal(entry->id, none)) return;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_AUDIT_INSERT);
    query_put_uuid(&query, &entry->id);
    query_put_i64(&query, entry->at);
    query_put_text(&query, entry->actor.issuer);
    query_put_text(&query, entry->actor.subject);
    query_put_text(&query, entry->actor.client_id);
    query_put_text(&query, entry->actor.address);
    query_put_text(&query, entry->actor.request);
    query_put_text(&query, audit_action_text(entry->action));
    query_put_text(&query, entry->record);
    query_run(&query);
}

enum err sqlite_audit_write(struct transaction *transaction, struct store_op *base)
{
    audit_insert(
        transaction->connection, &CONTAINER_OF(base, struct store_audit_write, base)->entry);
    return ERR_OK;
}

static void take_entry(struct query *query, struct arena *arena, struct audit_entry *out)
{
    out->id = query_take_uuid(query);
    out->at = query_take_i64(query);
    out->actor.issuer = query_take_text(query, arena);
    out->actor.subject = query_take_text(query, arena);
    out->actor.client_id = query_take_text(query, arena);
    out->actor.address = query_take_text(query, arena);
    out->actor.request = query_take_text(query, arena);
    (void)audit_action_parse(query_borrow_text(query), &out->action);
    out->record = query_take_text(query, arena);
}

static enum sql statement_of(const struct store_list *list)
{
    bool subject = slice_present(list->subject), record = slice_present(list->record);
    if (subject && record) return SQL_AUDIT_LIST_OF_BOTH;
    if (subject) return SQL_AUDIT_LIST_OF_SUBJECT;
    return record ? SQL_AUDIT_LIST_OF_RECORD : SQL_AUDIT_LIST;
}

void audit_list_entries(struct connection *connection, struct store_list *list)
{
    struct arena *arena = list->base.arena;
    struct audit_range range = audit_range(list);
    check(list->limit >= 1 && list->limit <= STORE_LIST_MAX);
    CLEANUP(query_close)
    struct query query = query_open(connection, statement_of(list));
    query_put_uuid(&query, &range.low);
    query_put_uuid(&query, &range.high);
    query_put_i64(&query, list->from);
    query_put_i64(&query, list->to);
    if (slice_present(list->subject)) query_put_text(&query, list->subject);
    if (slice_present(list->record)) query_put_text(&query, list->record);
    query_put_i64(&query, (int64_t)list->limit + 1);

    list->rows.entries = arena_alloc(arena, list->limit * sizeof(*list->rows.entries));
    list->count = 0;
    list->more = false;
    while (!list->more && query_row(&query)) {
        list->more = list->count == list->limit;
        if (!list->more) take_entry(&query, arena, &list->rows.entries[list->count++]);
    }
}
