/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of messages on SQLite: get all, put, remove.
 *
 * A change names the version that it was made from. There is one writer, so the version that is found here still holds at the write.
 * Gets run on a reader's thread, the others on the writer's, inside its transaction.
 */
#include "store/sqlite/templates.h"

#include "core/check.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/transaction.h"

static void take_row(struct query *query, struct arena *arena, struct template *out)
{
    out->event = rows_take_event(query);
    out->language = query_take_text(query, arena);
    out->text = query_take_text(query, arena);
    out->enabled = query_take_i64(query) != 0;
    out->updated_by = query_take_text(query, arena);
    out->version = query_take_i64(query);
    out->updated_at = query_take_i64(query);
}

enum err sqlite_templates_get(struct connection *connection, struct store_op *base)
{
    struct store_templates_get *op = CONTAINER_OF(base, struct store_templates_get, base);
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_TEMPLATES_GET);
    query_put_i64(&query, TEMPLATES_MAX);
    op->rows = arena_alloc(base->arena, TEMPLATES_MAX * sizeof(*op->rows));
    op->count = 0;
    while (op->count < TEMPLATES_MAX && query_row(&query)) {
        take_row(&query, base->arena, &op->rows[op->count++]);
    }
    return ERR_OK;
}

/* 0 when there is none. */
static int64_t version_of(
    struct connection *connection, enum message_event event, struct slice language)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_TEMPLATE_VERSION);
    query_put_text(&query, message_event_text(event));
    query_put_text(&query, language);
    return query_row(&query) ? query_take_i64(&query) : 0;
}

static bool full(struct connection *connection)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_TEMPLATES_COUNT);
    return query_row(&query) && query_take_i64(&query) >= TEMPLATES_MAX;
}

static void put(struct connection *connection, const struct template *row, int64_t version)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_TEMPLATE_PUT);
    query_put_text(&query, message_event_text(row->event));
    query_put_text(&query, row->language);
    query_put_text(&query, row->text);
    query_put_i64(&query, row->enabled);
    query_put_text(&query, row->updated_by);
    query_put_i64(&query, version);
    query_put_i64(&query, row->updated_at);
    query_run(&query);
}

enum err sqlite_template_put(struct transaction *transaction, struct store_op *base)
{
    struct store_template_put *op = CONTAINER_OF(base, struct store_template_put, base);
    struct connection *connection = transaction->connection;
    const struct template *row = &op->row;
    int64_t former = version_of(connection, row->event, row->language);
    if (former != row->version) return ERR_VERSION_MISMATCH;
    if (former == 0 && full(connection)) return ERR_TOO_MANY_TEMPLATES;
    op->version = former + 1;
    put(connection, row, op->version);
    audit_insert(connection, &op->entry);
    return ERR_OK;
}

enum err sqlite_template_remove(struct transaction *transaction, struct store_op *base)
{
    const struct store_template_remove *op = CONTAINER_OF(base, struct store_template_remove, base);
    struct connection *connection = transaction->connection;
    int64_t version = version_of(connection, op->event, op->language);
    if (version == 0) return ERR_NOT_FOUND;
    if (version != op->version) return ERR_VERSION_MISMATCH;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_TEMPLATE_DELETE);
    query_put_text(&query, message_event_text(op->event));
    query_put_text(&query, op->language);
    query_run(&query);
    audit_insert(connection, &op->entry);
    return ERR_OK;
}
