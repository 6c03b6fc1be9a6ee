/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log on PostgreSQL: single entries, and its lists. What a batch of creates adds is written by batch_write.c.
 *
 * A page asks for one row more than its limit: that row is only the answer to "more". Runs on the loop thread of its connection.
 */
#include "store/postgres/audit.h"

#include "store/postgres/rows.h"

static bool has_id(const struct audit_entry *entry)
{
    static const struct uuid none;
    return !uuid_equal(entry->id, none);
}

void audit_put(struct params *params, const struct audit_entry *entry)
{
    if (has_id(entry)) {
        params_uuid(params, &entry->id);
    } else {
        params_null(params);
    }
    params_time(params, entry->at);
    params_bytes(params, entry->actor.issuer);
    params_bytes(params, entry->actor.subject);
    params_bytes(params, entry->actor.client_id);
    params_bytes(params, entry->actor.address);
    params_bytes(params, entry->actor.request);
    params_bytes(params, audit_action_text(entry->action));
    params_bytes(params, entry->record);
}

void audit_execute(struct connection *connection, const struct audit_entry *entry)
{
    if (!has_id(entry)) return;
    audit_put(connection_params(connection), entry);
    connection_execute(connection, statement_name(STATEMENT_AUDIT_INSERT));
}

void audit_send_write(struct connection *connection, struct store_op *op)
{
    audit_execute(connection, &CONTAINER_OF(op, struct store_audit_write, base)->entry);
}

enum err audit_take_write(struct store_op *op, const PGresult *rows)
{
    (void)op, (void)rows;
    return ERR_OK;
}

static enum statement statement_of(const struct store_list *list)
{
    bool subject = slice_present(list->subject), record = slice_present(list->record);
    if (subject && record) return STATEMENT_AUDIT_LIST_OF_BOTH;
    if (subject) return STATEMENT_AUDIT_LIST_OF_SUBJECT;
    return record ? STATEMENT_AUDIT_LIST_OF_RECORD : STATEMENT_AUDIT_LIST;
}

void audit_send_list(struct connection *connection, struct store_op *op)
{
    const struct store_list *list = CONTAINER_OF(op, struct store_list, base);
    struct params *params = connection_params(connection);
    struct audit_range range = audit_range(list);
    check(list->limit >= 1 && list->limit <= STORE_LIST_MAX);
    params_uuid(params, &range.low);
    params_uuid(params, &range.high);
    params_time(params, list->from);
    params_time(params, list->to);
    params_i64(params, (int64_t)list->limit + 1);
    if (slice_present(list->subject)) params_bytes(params, list->subject);
    if (slice_present(list->record)) params_bytes(params, list->record);
    connection_execute(connection, statement_name(statement_of(list)));
}

static void take_entry(struct row *row, struct audit_entry *out)
{
    out->id = row_uuid(row);
    out->at = row_time(row);
    out->actor.issuer = row_text(row);
    out->actor.subject = row_text(row);
    out->actor.client_id = row_text(row);
    out->actor.address = row_text(row);
    out->actor.request = row_text(row);
    (void)audit_action_parse(row_text(row), &out->action);
    out->record = row_text(row);
}

enum err audit_take_list(struct store_op *op, const PGresult *rows)
{
    struct store_list *list = CONTAINER_OF(op, struct store_list, base);
    size_t found = (size_t)PQntuples(rows);
    list->more = found > list->limit;
    list->count = list->more ? list->limit : found;
    list->rows.entries = arena_alloc(op->arena, list->count * sizeof(*list->rows.entries));
    for (size_t i = 0; i < list->count; i++) {
        struct row row = {.result = rows, .number = (int)i, .arena = op->arena};
        take_entry(&row, &list->rows.entries[i]);
    }
    return ERR_OK;
}
