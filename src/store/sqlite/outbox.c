/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox on SQLite: claim and settle.
 *
 *   queued --claim (token, lease)--> sending --settle (same token)--> any        sending --sweep (lease over)--> unknown
 *   queued --claim (listed, opted out)--> suppressed                             queued --sweep (expiry over)--> expired
 * A message is changed only in the state the diagram starts from; a settlement under a token that is no longer the row's does
 * nothing and is not counted. Each change appends to `history` (store/history.h).
 *
 * A claim takes those whose turn has come, by their turn; if there is room left, those that are due and wait behind their own
 * customer's: one customer's flood waits behind the others, yet uses what they leave.
 *
 * Runs on the writer's thread, inside its transaction; the sweep is sweep.c's.
 */
#include "core/check.h"
#include "store/sqlite/reports.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/suppressions.h"
#include "store/sqlite/transaction.h"

/* Why nothing is sent, or absent. */
static struct slice take_refusal(struct query *query)
{
    bool opted_out = query_take_i64(query) != 0, listed = query_take_i64(query) != 0;
    if (listed) return FAILURE_SUPPRESSED;
    return opted_out ? FAILURE_OPTED_OUT : slice_absent();
}

/* Where the next messages go: `room` of them, with what speaks against sending each. */
struct due {
    struct message *messages;
    struct slice *refusals;
    size_t room;
};

static size_t find_due(struct connection *connection, const struct store_outbox_claim *op,
    enum sql sql, const struct due *due)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, sql);
    query_put_text(&query, op->sender);
    query_put_i64(&query, op->now);
    query_put_i64(&query, op->now);
    query_put_i64(&query, (int64_t)due->room);
    size_t count = 0;
    while (count < due->room && query_row(&query)) {
        rows_take_message(&query, op->base.arena, &due->messages[count]);
        due->refusals[count++] = take_refusal(&query);
    }
    return count;
}

static void suppress(struct connection *connection, const struct store_outbox_claim *op,
    const struct message *message, struct slice refusal)
{
    CLEANUP(buf_deinit)
    struct buf history;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_OUTBOX_SUPPRESS);
    query_put_text(&query, refusal);
    rows_put_history(&query, &history,
        &(struct history_change){.state = MESSAGE_SUPPRESSED, .at = op->now, .failure = refusal});
    query_put_uuid(&query, &message->id);
    query_run(&query);
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
    query_put_i64(&query, op->now);
    rows_put_history(&query, &history,
        &(struct history_change){
            .state = MESSAGE_SENDING, .at = op->now, .attempt = message->attempts});
    query_put_uuid(&query, &message->id);
    if (query_row(&query)) message->history = query_take_text(&query, op->base.arena);
}

/* Claims of those that the statement finds as many as there is room for. Those that are suppressed leave no gap in op->messages. */
static void claim_by(struct connection *connection, struct store_outbox_claim *op, enum sql sql)
{
    struct due due = {&op->messages[op->count], NULL, op->limit - op->count - op->suppressed};
    if (due.room == 0) return;
    due.refusals = arena_alloc(op->base.arena, due.room * sizeof(*due.refusals));
    size_t count = find_due(connection, op, sql, &due);
    for (size_t i = 0; i < count; i++) {
        if (slice_present(due.refusals[i])) {
            suppress(connection, op, &due.messages[i], due.refusals[i]);
            op->suppressed++;
        } else {
            op->messages[op->count] = due.messages[i];
            claim(connection, op, &op->messages[op->count++]);
        }
    }
}

enum err sqlite_outbox_claim(struct transaction *transaction, struct store_op *base)
{
    struct store_outbox_claim *op = CONTAINER_OF(base, struct store_outbox_claim, base);
    op->messages = arena_alloc(base->arena, op->limit * sizeof(*op->messages));
    op->count = op->suppressed = 0;
    claim_by(transaction->connection, op, SQL_OUTBOX_DUE);
    claim_by(transaction->connection, op, SQL_OUTBOX_AHEAD);
    return ERR_OK;
}

static bool settle(struct connection *connection, const struct store_outbox_settle *op,
    const struct settlement *item)
{
    struct slice failure = item->failure.len > 0 ? item->failure : slice_absent();
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
    rows_put_history(&query, &history,
        &(struct history_change){.state = item->state, .at = op->now, .failure = failure});
    query_put_uuid(&query, &item->id);
    query_put_uuid(&query, &op->token);
    return query_run(&query) > 0;
}

static void spend(
    struct connection *connection, const struct store_outbox_settle *op, int64_t spent)
{
    if (spent == 0) return;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_OUTBOX_SPEND);
    query_put_i64(&query, op->day);
    query_put_i64(&query, spent);
    query_run(&query);
}

/* There is one writer, so a report that is not here now finds the provider_id when it comes. */
enum err sqlite_outbox_settle(struct transaction *transaction, struct store_op *base)
{
    struct store_outbox_settle *op = CONTAINER_OF(base, struct store_outbox_settle, base);
    struct connection *connection = transaction->connection;
    int64_t spent = 0;
    op->applied = 0;
    for (size_t i = 0; i < op->count; i++) {
        const struct settlement *item = &op->items[i];
        if (!settle(connection, op, item)) continue;
        op->applied++;
        spent += item->price;
        if (slice_present(item->provider_id)) {
            (void)reports_match(connection, item->provider_id, &item->id);
        }
        if (item->suppress) suppression_insert_of_message(connection, op, item);
    }
    spend(connection, op, spent);
    return ERR_OK;
}
