/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sweep over the outbox on SQLite, and the switch that halts all sending.
 *
 * What is past its time moves on (the diagram is outbox.c's), then reports that wait are looked at again: a lease that was just lost may
 * have left the one message that a report can be about. What is asked of the queue each time is found at the ends of its indexes; only
 * its depth is counted row by row.
 *
 * Runs on the writer's thread, inside its transaction. Limits: one sweep moves SWEEP_MAX messages of each kind; the next moves on.
 */
#include "core/check.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/reports.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/transaction.h"

#define SWEEP_MAX ((int64_t)STORE_BATCH_MAX * 8)

/* Moves what is past its time; returns how many. */
static int64_t move_past(
    struct connection *connection, enum sql sql, const struct history_change *change)
{
    CLEANUP(buf_deinit)
    struct buf history;
    CLEANUP(query_close)
    struct query query = query_open(connection, sql);
    query_put_text(&query, change->failure);
    rows_put_history(&query, &history, change);
    query_put_i64(&query, change->at);
    query_put_i64(&query, SWEEP_MAX);
    return query_run(&query);
}

static int64_t count_queued(struct connection *connection)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_OUTBOX_DEPTH);
    return query_row(&query) ? query_take_i64(&query) : 0;
}

static int64_t next_after(struct connection *connection, int64_t time)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_OUTBOX_NEXT);
    query_put_i64(&query, time);
    return query_row(&query) ? query_take_i64(&query) : 0;
}

static void look_at_switch(struct connection *connection, struct store_outbox_sweep *op)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SENDING_LOOK);
    query_put_i64(&query, op->day);
    if (!query_row(&query)) return;
    op->halted_at = query_take_i64(&query);
    op->halted = op->halted_at != 0;
    op->halted_by = query_take_text(&query, op->base.arena);
    op->spent = query_take_i64(&query);
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
    op->matched = reports_match_waiting(connection, op->now, base->arena);
    op->depth = op->count_all ? count_queued(connection) : -1;
    op->oldest_due = op->count_all ? next_after(connection, INT64_MIN) : 0;
    op->next_due = next_after(connection, op->now);
    look_at_switch(connection, op);
    return ERR_OK;
}

enum err sqlite_sending_switch(struct transaction *transaction, struct store_op *base)
{
    const struct store_sending_switch *op = CONTAINER_OF(base, struct store_sending_switch, base);
    struct connection *connection = transaction->connection;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SENDING_SWITCH);
    query_put_time(&query, op->halt ? op->now : 0);
    query_put_text(&query, op->halt ? op->by : slice_absent());
    if (query_run(&query) > 0) audit_insert(connection, &op->entry);
    return ERR_OK;
}
