/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of suppressions on SQLite: add, remove, and what settlements put on it. Its pages are read like all lists (reads.c).
 *
 * Number and sender are the row's real key; the id is its name in the API. Adds and removes run on the writer's thread, inside its
 * transaction.
 */
#include "store/sqlite/suppressions.h"

#include "core/check.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/transaction.h"

void suppression_take(struct query *query, struct arena *arena, struct suppression *out)
{
    out->id = query_take_uuid(query);
    out->phone = query_take_text(query, arena);
    out->sender = query_take_text(query, arena);
    out->source = query_take_text(query, arena);
    out->reason = query_take_text(query, arena);
    out->created_by = query_take_text(query, arena);
    out->created_at = query_take_i64(query);
}

void suppression_insert_of_message(struct connection *connection,
    const struct store_outbox_settle *settle, const struct settlement *item)
{
    struct uuid id = uuid_new();
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SUPPRESSION_OF_MESSAGE);
    query_put_uuid(&query, &id);
    query_put_text(&query, settle->sender);
    query_put_text(&query, item->failure);
    query_put_text(&query, SLICE("gateway"));
    query_put_i64(&query, settle->now);
    query_put_uuid(&query, &item->id);
    query_run(&query);
}

static bool find(struct connection *connection, struct store_suppression_add *op)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SUPPRESSION_FIND);
    query_put_text(&query, op->row.phone);
    query_put_text(&query, op->row.sender);
    if (!query_row(&query)) return false;
    suppression_take(&query, op->base.arena, &op->standing);
    return true;
}

static void insert(struct connection *connection, const struct suppression *row)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SUPPRESSION_INSERT);
    query_put_uuid(&query, &row->id);
    query_put_text(&query, row->phone);
    query_put_text(&query, row->sender);
    query_put_text(&query, row->source);
    query_put_text(&query, row->reason);
    query_put_text(&query, row->created_by);
    query_put_i64(&query, row->created_at);
    query_run(&query);
}

enum err sqlite_suppression_add(struct transaction *transaction, struct store_op *base)
{
    struct store_suppression_add *op = CONTAINER_OF(base, struct store_suppression_add, base);
    if (!slice_present(op->row.sender)) op->row.sender = SLICE("");
    op->existing = find(transaction->connection, op);
    if (op->existing) return ERR_OK;
    insert(transaction->connection, &op->row);
    op->standing = op->row;
    audit_insert(transaction->connection, &op->entry);
    return ERR_OK;
}

enum err sqlite_suppression_remove(struct transaction *transaction, struct store_op *base)
{
    const struct store_suppression_remove *op =
        CONTAINER_OF(base, struct store_suppression_remove, base);
    CLEANUP(query_close)
    struct query query = query_open(transaction->connection, SQL_SUPPRESSION_DELETE);
    query_put_uuid(&query, &op->id);
    if (query_run(&query) == 0) return ERR_NOT_FOUND;
    audit_insert(transaction->connection, &op->entry);
    return ERR_OK;
}
