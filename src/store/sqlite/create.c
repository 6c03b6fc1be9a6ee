/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creates on SQLite: a customer; an order with its message; for each an entry in the audit log.
 *
 * Each looks up what could refuse it (key, customer, taken code or reference), asks store/intake.h, and inserts. There is one
 * writer, so what was looked up still holds at the insert, and no refusal is ever learnt from a broken constraint.
 * Runs on the writer's thread, inside its transaction; outputs go into the operation and its arena.
 */
#include "core/check.h"
#include "store/intake.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/keys.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/transaction.h"

static bool taken(struct connection *connection, enum sql sql, struct slice text)
{
    if (!slice_present(text)) return false;
    CLEANUP(query_close)
    struct query query = query_open(connection, sql);
    query_put_text(&query, text);
    return query_row(&query);
}

/* What the operation's actor has done to the new row. */
static void insert_entry(struct connection *connection, const struct store_op *base,
    enum audit_action action, const struct key_answer *made)
{
    char record[UUID_TEXT_LEN];
    if (!base->actor) return;
    uuid_format(*made->resource, record);
    audit_insert(connection, &(struct audit_entry){
                                 .id = base->audit_id,
                                 .at = made->created_at,
                                 .actor = *base->actor,
                                 .action = action,
                                 .record = {record, UUID_TEXT_LEN},
                             });
}

enum err sqlite_customer_create(struct transaction *transaction, struct store_op *base)
{
    struct store_customer_create *op = CONTAINER_OF(base, struct store_customer_create, base);
    struct connection *connection = transaction->connection;
    op->replay = (struct store_replay){0};
    const struct stored_key *seen = keys_find(connection, &op->key, base->arena);
    struct intake intake = intake_customer(transaction->hooks, op, seen);
    if (intake.verdict == INTAKE_DONE) return intake.err;
    if (taken(connection, SQL_CODE_TAKEN, op->row.code)) return ERR_CODE_TAKEN;
    rows_insert_customer(connection, &op->row);
    const struct key_answer made = {&op->row.id, intake.answer, op->row.created_at};
    keys_insert(connection, &op->key, &made);
    insert_entry(connection, base, AUDIT_CUSTOMER_CREATED, &made);
    return ERR_OK;
}

static const struct customer *find_customer(
    struct connection *connection, struct slice code, struct arena *arena)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_CUSTOMER_BY_CODE);
    query_put_text(&query, code);
    if (!query_row(&query)) return NULL;
    struct customer *customer = arena_alloc(arena, sizeof(*customer));
    rows_take_customer(&query, arena, customer);
    return customer;
}

/* After all that could refuse the order: a turn that is taken is gone. */
static void set_turn(struct transaction *transaction, struct message *message)
{
    message->event = MESSAGE_ORDER_RECEIVED;
    if (message->state != MESSAGE_QUEUED) return;
    message->turn_at = turns_next(transaction->turns, message->customer_id, message->due_at);
    transaction->queued++;
}

enum err sqlite_order_create(struct transaction *transaction, struct store_op *base)
{
    struct store_order_create *op = CONTAINER_OF(base, struct store_order_create, base);
    struct connection *connection = transaction->connection;
    op->replay = (struct store_replay){0};
    const struct stored_key *seen = keys_find(connection, &op->key, base->arena);
    const struct customer *customer =
        seen ? NULL : find_customer(connection, op->row.customer, base->arena);
    struct intake intake = intake_order(transaction->hooks, op, customer, seen);
    if (intake.verdict == INTAKE_DONE) return intake.err;
    if (taken(connection, SQL_REF_TAKEN, op->row.external_ref)) return ERR_REF_TAKEN;
    set_turn(transaction, &op->message);
    rows_insert_order(connection, &op->row);
    rows_insert_message(connection, &op->message);
    const struct key_answer made = {&op->row.id, intake.answer, op->row.created_at};
    keys_insert(connection, &op->key, &made);
    insert_entry(connection, base, AUDIT_ORDER_CREATED, &made);
    return ERR_OK;
}
