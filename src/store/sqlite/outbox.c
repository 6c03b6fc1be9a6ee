/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox on SQLite: claim, settle, sweep.
 *
 *   queued --claim (token, lease)--> sending --settle (same token)--> any        sending --sweep (lease over)--> unknown
 *   queued --sweep (expiry over)--> expired
 * A message is changed only in the state the diagram starts from; a settlement under a token that is no longer the row's does
 * nothing and is not counted. Each change appends to `history` (store/history.h).
 *
 * Runs on the writer's thread, inside its transaction. Limits: one sweep moves SWEEP_MAX messages of each kind; the next moves on.
 */
#include "core/check.h"
#include "store/history.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/transaction.h"

#define SWEEP_MAX ((int64_t)STORE_BATCH_MAX * 8)

static void put_history(struct query *query, struct buf *buf, const struct history_change *change)
{
    buf_init(buf, HISTORY_CHANGE_MAX);
    history_put(buf, change);
    check(buf_ok(buf));
    query_put_text(query, buf_slice(buf));
}

static size_t find_due(struct connection *connection, struct store_outbox_claim *op)
{
    struct arena *arena = op->base.arena;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_OUTBOX_DUE);
    query_put_i64(&query, op->now);
    query_put_i64(&query, op->now);
    query_put_i64(&query, (int64_t)op->limit);
    op->messages = arena_alloc(arena, op->limit * sizeof(*op->messages));
    size_t count = 0;
    while (count < op->limit && query_row(&query)) {
        rows_take_message(&query, arena, &op->messages[count++]);
    }
    return count;
}

/* Commits the message as `sending`, in the row and in the caller's copy. */
static void claim(
    struct connection *connection, const struct store_outbox_claim *op, struct message *message)
{
    CLEANUP(buf_deinit)
    struct buf history;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_OUTBOX_CLAIM);
    message->state = MESSAGE_SENDING;
    message->attempts++;
    query_put_uuid(&query, &op->token);
    query_put_i64(&query, op->lease_until);
    put_history(&query, &history,
        &(struct history_change){
            .state = MESSAGE_SENDING, .at = op->now, .attempt = message->attempts});
    query_put_uuid(&query, &message->id);
    if (query_row(&query)) message->history = query_take_text(&query, op->base.arena);
}

enum err sqlite_outbox_claim(struct transaction *transaction, struct store_op *base)
{
    struct store_outbox_claim *op = CONTAINER_OF(base, struct store_outbox_claim, base);
    op->count = find_due(transaction->connection, op);
    for (size_t i = 0; i < op->count; i++) claim(transaction->connection, op, &op->messages[i]);
    return ERR_OK;
}

static bool settle(struct connection *connection, const struct store_outbox_settle *op,
    const struct settlement *item)
{
    CLEANUP(buf_deinit)
    struct buf history;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_OUTBOX_SETTLE);
    query_put_text(&query, message_state_text(item->state));
    query_put_i64(&query, item->attempt_refunded);
    query_put_time(&query, item->state == MESSAGE_QUEUED ? item->due_at : 0);
    query_put_time(&query, item->sent_at);
    query_put_time(&query, item->parts);
    query_put_text(&query, item->provider_id);
    query_put_text(&query, item->provider_status);
    query_put_text(&query, item->cost);
    query_put_text(&query, item->failure);
    query_put_text(&query, message_state_text(item->state));
    put_history(&query, &history,
        &(struct history_change){.state = item->state, .at = op->now, .failure = item->failure});
    query_put_uuid(&query, &item->id);
    query_put_uuid(&query, &op->token);
    return query_run(&query) > 0;
}

enum err sqlite_outbox_settle(struct transaction *transaction, struct store_op *base)
{
    struct store_outbox_settle *op = CONTAINER_OF(base, struct store_outbox_settle, base);
    op->applied = 0;
    for (size_t i = 0; i < op->count; i++) {
        if (settle(transaction->connection, op, &op->items[i])) op->applied++;
    }
    return ERR_OK;
}

/* Moves what is past its time; returns how many. */
static int64_t move_past(
    struct connection *connection, enum sql sql, const struct history_change *change)
{
    CLEANUP(buf_deinit)
    struct buf history;
    CLEANUP(query_close)
    struct query query = query_open(connection, sql);
    query_put_text(&query, change->failure);
    put_history(&query, &history, change);
    query_put_i64(&query, change->at);
    query_put_i64(&query, SWEEP_MAX);
    return query_run(&query);
}

static void look_at_queue(struct connection *connection, struct store_outbox_sweep *op)
{
    CLEANUP(query_close)
    struct query depth = query_open(connection, SQL_OUTBOX_DEPTH);
    if (query_row(&depth)) {
        op->depth = query_take_i64(&depth);
        op->oldest_due = query_take_i64(&depth);
    }
    CLEANUP(query_close)
    struct query next = query_open(connection, SQL_OUTBOX_NEXT);
    query_put_i64(&next, op->now);
    if (query_row(&next)) op->next_due = query_take_i64(&next);
}

enum err sqlite_outbox_sweep(struct transaction *transaction, struct store_op *base)
{
    struct store_outbox_sweep *op = CONTAINER_OF(base, struct store_outbox_sweep, base);
    struct connection *connection = transaction->connection;
    op->lost = move_past(connection, SQL_OUTBOX_LOSE,
        &(struct history_change){
            .state = MESSAGE_UNKNOWN, .at = op->now, .failure = FAILURE_LEASE_LOST});
    op->expired = move_past(connection, SQL_OUTBOX_EXPIRE,
        &(struct history_change){
            .state = MESSAGE_EXPIRED, .at = op->now, .failure = FAILURE_EXPIRED});
    look_at_queue(connection, op);
    return ERR_OK;
}
