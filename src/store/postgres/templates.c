/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of messages on PostgreSQL.
 *
 * A change names the version that it replaces; of two at once, one finds another. One whose connection broke is sent again: its entry in
 * the audit log tells that the first try was committed.
 *
 * Runs on the loop thread of its connection; see chores.c for how they get there and back, and reads.c for the read.
 * Limits: TEMPLATES_MAX; those who make one wait for each other, so that it holds.
 */
#include "store/postgres/templates.h"

#include "store/postgres/audit.h"
#include "store/postgres/rows.h"

static void execute(struct connection *connection, enum statement statement)
{
    connection_execute(connection, statement_name(statement));
}

void template_send_put(struct connection *connection, struct store_op *op)
{
    const struct store_template_put *put = CONTAINER_OF(op, struct store_template_put, base);
    struct params *params = connection_params(connection);
    if (put->row.version == 0) execute(connection, STATEMENT_TEMPLATES_LOCK);
    audit_put(params, &put->entry);
    params_bytes(params, message_event_text(put->row.event));
    params_bytes(params, put->row.language);
    params_bytes(params, put->row.text);
    params_bool(params, put->row.enabled);
    params_bytes(params, put->row.updated_by);
    params_time(params, put->row.updated_at);
    params_i64(params, put->row.version);
    params_i64(params, TEMPLATES_MAX);
    params_bool(params, op->tries > 0);
    execute(connection, STATEMENT_TEMPLATE_PUT);
}

/* The lock's answer has a column too: none of a version. */
enum { COLUMNS_PUT = 3 };

enum err template_take_put(struct store_op *op, const PGresult *rows)
{
    struct store_template_put *put = CONTAINER_OF(op, struct store_template_put, base);
    struct row row = {.result = rows};
    if (PQnfields(rows) != COLUMNS_PUT) return ERR_OK;
    int64_t stored = row_i64(&row);
    bool stored_before = row_bool(&row), stands = row_bool(&row);
    if (stored || stored_before) {
        put->version = stored ? stored : put->row.version + 1;
        return ERR_OK;
    }
    return put->row.version || stands ? ERR_VERSION_MISMATCH : ERR_TOO_MANY_TEMPLATES;
}

void template_send_remove(struct connection *connection, struct store_op *op)
{
    const struct store_template_remove *remove =
        CONTAINER_OF(op, struct store_template_remove, base);
    struct params *params = connection_params(connection);
    audit_put(params, &remove->entry);
    params_bytes(params, message_event_text(remove->event));
    params_bytes(params, remove->language);
    params_i64(params, remove->version);
    params_bool(params, op->tries > 0);
    execute(connection, STATEMENT_TEMPLATE_REMOVE);
}

enum err template_take_remove(struct store_op *op, const PGresult *rows)
{
    struct row row = {.result = rows};
    (void)op;
    bool done = row_bool(&row), stands = row_bool(&row);
    if (done) return ERR_OK;
    return stands ? ERR_VERSION_MISMATCH : ERR_NOT_FOUND;
}

void templates_send_get(struct connection *connection, struct store_op *op)
{
    (void)op;
    params_i64(connection_params(connection), TEMPLATES_MAX);
    execute(connection, STATEMENT_TEMPLATES_GET);
}

static void take_row(struct row *row, struct template *out)
{
    out->event = row_event(row);
    out->language = row_text(row);
    out->text = row_text(row);
    out->enabled = row_bool(row);
    out->updated_by = row_text(row);
    out->version = row_i64(row);
    out->updated_at = row_time(row);
}

enum err templates_take_get(struct store_op *op, const PGresult *rows)
{
    struct store_templates_get *get = CONTAINER_OF(op, struct store_templates_get, base);
    get->count = (size_t)PQntuples(rows);
    get->rows = arena_alloc(op->arena, get->count * sizeof(*get->rows));
    for (size_t i = 0; i < get->count; i++) {
        struct row row = {.result = rows, .number = (int)i, .arena = op->arena};
        take_row(&row, &get->rows[i]);
    }
    return ERR_OK;
}
