/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of suppressions on PostgreSQL: an entry is put in once for a number and a sender.
 *
 * One whose connection broke is sent again: what was added shows by its id, what was removed by its entry in the audit log.
 *
 * Runs on the loop thread of its connection; see chores.c for how they get there and back.
 */
#include "store/postgres/suppressions.h"

#include "store/postgres/audit.h"
#include "store/postgres/rows.h"

void suppression_send_add(struct connection *connection, struct store_op *op)
{
    const struct store_suppression_add *add = CONTAINER_OF(op, struct store_suppression_add, base);
    struct params *params = connection_params(connection);
    audit_put(params, &add->entry);
    params_uuid(params, &add->row.id);
    params_bytes(params, add->row.phone);
    params_bytes(params, add->row.sender);
    params_bytes(params, add->row.source);
    params_bytes(params, add->row.reason);
    params_bytes(params, add->row.created_by);
    params_time(params, add->row.created_at);
    connection_execute(connection, statement_name(STATEMENT_SUPPRESSION_ADD));
}

enum err suppression_take_add(struct store_op *op, const PGresult *rows)
{
    struct store_suppression_add *add = CONTAINER_OF(op, struct store_suppression_add, base);
    struct row row = {.result = rows, .arena = op->arena};
    row_suppression(&row, &add->standing);
    add->existing = row_bool(&row);
    return ERR_OK;
}

void suppression_send_remove(struct connection *connection, struct store_op *op)
{
    const struct store_suppression_remove *remove =
        CONTAINER_OF(op, struct store_suppression_remove, base);
    struct params *params = connection_params(connection);
    audit_put(params, &remove->entry);
    params_uuid(params, &remove->id);
    params_bool(params, op->tries > 0);
    connection_execute(connection, statement_name(STATEMENT_SUPPRESSION_REMOVE));
}

enum err suppression_take_remove(struct store_op *op, const PGresult *rows)
{
    struct row row = {.result = rows};
    (void)op;
    return row_bool(&row) ? ERR_OK : ERR_NOT_FOUND;
}
