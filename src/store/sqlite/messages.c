/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people do about messages on SQLite: send one or many again, say what became of one.
 *
 *   failed, expired, dead (unknown, if asked for) --resend--> queued        unknown --settle--> delivered | failed
 * A message that is sent again takes its turn behind its customer's others, as when it was new. One whose body was scrubbed, or that
 * took the service down LOSSES_MAX times, stays as it is.
 *
 * Runs on the writer's thread, inside its transaction. Limits: STORE_RESEND_MAX messages at a time.
 */
#include "core/check.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/transaction.h"

static bool take_row(
    struct connection *connection, const struct uuid *id, struct arena *arena, struct message *out)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_MESSAGE_GET);
    query_put_uuid(&query, id);
    if (!query_row(&query)) return false;
    rows_take_message(&query, arena, out);
    return true;
}

struct standing {
    struct uuid customer_id;
    enum message_state state;
    bool scrubbed;
    int64_t losses;
};

static bool find_standing(
    struct connection *connection, const struct uuid *id, struct standing *out)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_MESSAGE_STANDING);
    query_put_uuid(&query, id);
    if (!query_row(&query)) return false;
    out->customer_id = query_take_uuid(&query);
    out->state = rows_take_state(&query);
    out->scrubbed = query_take_i64(&query) != 0;
    out->losses = query_take_i64(&query);
    return true;
}

static bool resendable(enum message_state state, bool unknown_too)
{
    if (state == MESSAGE_UNKNOWN) return unknown_too;
    return state == MESSAGE_FAILED || state == MESSAGE_EXPIRED || state == MESSAGE_DEAD;
}

/* When messages that are sent again are due, and when they are not sent any more. */
struct period {
    int64_t now, expires_at;
};

static void queue_again(struct transaction *transaction, const struct uuid *id,
    const struct uuid *customer_id, struct period period)
{
    CLEANUP(buf_deinit)
    struct buf history;
    CLEANUP(query_close)
    struct query query = query_open(transaction->connection, SQL_MESSAGE_RESEND);
    query_put_i64(&query, period.now);
    query_put_i64(&query, turns_next(transaction->turns, *customer_id, period.now));
    query_put_i64(&query, period.expires_at);
    rows_put_history(
        &query, &history, &(struct history_change){.state = MESSAGE_QUEUED, .at = period.now});
    query_put_uuid(&query, id);
    query_run(&query);
    transaction->queued++;
}

enum err sqlite_message_resend(struct transaction *transaction, struct store_op *base)
{
    struct store_message_resend *op = CONTAINER_OF(base, struct store_message_resend, base);
    struct connection *connection = transaction->connection;
    struct standing standing;
    if (!find_standing(connection, &op->id, &standing)) return ERR_NOT_FOUND;
    if (!resendable(standing.state, op->unknown_too)) return ERR_NOT_RESENDABLE;
    if (standing.losses >= LOSSES_MAX) return ERR_QUARANTINED;
    if (standing.scrubbed) return ERR_NOT_RESENDABLE;
    queue_again(
        transaction, &op->id, &standing.customer_id, (struct period){op->now, op->expires_at});
    audit_insert(connection, &op->entry);
    (void)take_row(connection, &op->id, base->arena, &op->row);
    return ERR_OK;
}

struct found {
    struct uuid id, customer_id;
};

/* Fills `out`, which has room for op->limit; returns how many. */
static size_t find_resendable(
    struct connection *connection, const struct store_messages_resend *op, struct found *out)
{
    bool by_customer = slice_present(op->customer);
    CLEANUP(query_close)
    struct query query = query_open(
        connection, by_customer ? SQL_MESSAGES_RESENDABLE_OF_CUSTOMER : SQL_MESSAGES_RESENDABLE);
    query_put_text(&query, message_state_text(op->state));
    if (by_customer) query_put_text(&query, op->customer);
    query_put_i64(&query, op->from);
    query_put_i64(&query, op->to);
    query_put_i64(&query, LOSSES_MAX);
    query_put_i64(&query, (int64_t)op->limit);
    size_t count = 0;
    while (count < op->limit && query_row(&query)) {
        out[count].id = query_take_uuid(&query);
        out[count++].customer_id = query_take_uuid(&query);
    }
    return count;
}

enum err sqlite_messages_resend(struct transaction *transaction, struct store_op *base)
{
    struct store_messages_resend *op = CONTAINER_OF(base, struct store_messages_resend, base);
    struct connection *connection = transaction->connection;
    check(op->limit <= STORE_RESEND_MAX && resendable(op->state, false));
    struct found *found = arena_alloc(base->arena, op->limit * sizeof(*found));
    op->matched = find_resendable(connection, op, found);
    op->resent = op->dry_run ? 0 : op->matched;
    for (size_t i = 0; i < op->resent; i++) {
        queue_again(transaction, &found[i].id, &found[i].customer_id,
            (struct period){op->now, op->expires_at});
    }
    if (op->resent > 0) audit_insert(connection, &op->entry);
    return ERR_OK;
}

enum err sqlite_message_settle(struct transaction *transaction, struct store_op *base)
{
    struct store_message_settle *op = CONTAINER_OF(base, struct store_message_settle, base);
    struct connection *connection = transaction->connection;
    CLEANUP(buf_deinit)
    struct buf history;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_MESSAGE_SETTLE);
    query_put_text(&query, message_state_text(op->state));
    query_put_text(&query, op->note);
    query_put_time(&query, op->state == MESSAGE_DELIVERED ? op->now : 0);
    rows_put_history(&query, &history,
        &(struct history_change){.state = op->state, .at = op->now, .failure = op->note});
    query_put_uuid(&query, &op->id);
    bool settled = query_run(&query) > 0;
    if (!take_row(connection, &op->id, base->arena, &op->row)) return ERR_NOT_FOUND;
    if (!settled) return ERR_NOT_UNKNOWN;
    audit_insert(connection, &op->entry);
    return ERR_OK;
}
