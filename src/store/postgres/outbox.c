/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim, settle, sweep, purge: one flight each, between the batches of the same connection.
 *
 * A broken connection leaves it open whether the transaction was committed, so each is sent again in a form that finds that out: a
 * claim asks what its token already holds, a settlement counts what already stands as it wants it. Sweep and purge may simply run twice.
 *
 * Runs on the loop thread of its connection. Operations belong to their callers, chores to us.
 * Limits: OUT_MAX at a time, the rest waits; TRIES_MAX tries; SWEEP_MAX rows per sweep or purge.
 */
#include "store/postgres/outbox.h"

#include "core/clock.h"
#include "store/history.h"
#include "store/postgres/rows.h"

#define OUT_MAX 16
#define TRIES_MAX 8
#define SWEEP_MAX (STORE_BATCH_MAX * 8)
/* Nobody's request waits here, and messages of a claim that is given up end as unknown though nobody sent them. So what may have been
 * committed is asked about for as long as the claimer could still make use of it (LEASE_MARGIN_MS in sms/dispatcher.h). */
#define UNSURE_MS 30000

struct chore {
    struct flight flight;
    struct outbox *outbox;
    struct store_op *op;
};

static flight_rows_fn take_rows;
static flight_end_fn chore_ended;

void outbox_init(struct outbox *outbox)
{
    backlog_init(&outbox->backlog, UNSURE_MS);
    outbox->out = 0;
}

void outbox_put(struct outbox *outbox, struct store_op *op)
{
    backlog_put(&outbox->backlog, op);
}

static void execute(struct outbox *outbox, enum statement statement)
{
    connection_execute(outbox->connection, statement_name(statement));
}

/* The fragment in front of the attempt's number, which only the database knows: history_put() writes the number last. */
static void put_claim_fragment(struct params *params, int64_t now)
{
    struct history_change change = {.state = MESSAGE_SENDING, .at = now, .attempt = 1};
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, HISTORY_CHANGE_MAX);
    history_put(&text, &change);
    check(buf_ok(&text));
    params_bytes(params, (struct slice){text.ptr, text.len - (sizeof("1}") - 1)});
}

static void send_claim(struct outbox *outbox, struct store_op *op)
{
    struct store_outbox_claim *claim = CONTAINER_OF(op, struct store_outbox_claim, base);
    struct params *params = connection_params(outbox->connection);
    if (op->tries) {
        params_uuid(params, &claim->token);
        execute(outbox, STATEMENT_OUTBOX_CLAIMED);
        return;
    }
    params_time(params, claim->now);
    params_time(params, claim->lease_until);
    params_uuid(params, &claim->token);
    params_i64(params, (int64_t)claim->limit);
    put_claim_fragment(params, claim->now);
    execute(outbox, STATEMENT_OUTBOX_CLAIM);
}

static void put_fragment(struct params *params, const struct history_change *change)
{
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, HISTORY_CHANGE_MAX);
    history_put(&text, change);
    check(buf_ok(&text));
    params_bytes(params, buf_slice(&text));
}

static void put_settled_time(struct params *params, const struct settlement *item)
{
    params_time_or_null(params, item->sent_at);
}

static void put_id(struct params *params, const struct settlement *item)
{
    params_uuid(params, &item->id);
}

static void put_state(struct params *params, const struct settlement *item)
{
    params_bytes(params, message_state_text(item->state));
}

static void put_refunded(struct params *params, const struct settlement *item)
{
    params_bool(params, item->attempt_refunded);
}

static void put_due(struct params *params, const struct settlement *item)
{
    params_time_or_null(params, item->due_at);
}

static void put_parts(struct params *params, const struct settlement *item)
{
    if (item->parts) {
        params_i32(params, item->parts);
    } else {
        params_null(params);
    }
}

static void put_provider_id(struct params *params, const struct settlement *item)
{
    params_bytes(params, item->provider_id);
}

static void put_provider_status(struct params *params, const struct settlement *item)
{
    params_bytes(params, item->provider_status);
}

static void put_cost(struct params *params, const struct settlement *item)
{
    params_bytes(params, item->cost);
}

static void put_failure(struct params *params, const struct settlement *item)
{
    params_bytes(params, item->failure);
}

typedef void settlement_value_fn(struct params *params, const struct settlement *item);

/* In the order of OUTBOX_SETTLE's parameters. */
static const struct settle_column {
    enum type_oid type;
    settlement_value_fn *put;
} settle_columns[] = {
    {OID_UUID, put_id},
    {OID_TEXT, put_state},
    {OID_BOOL, put_refunded},
    {OID_TIMESTAMPTZ, put_due},
    {OID_TIMESTAMPTZ, put_settled_time},
    {OID_INT4, put_parts},
    {OID_TEXT, put_provider_id},
    {OID_TEXT, put_provider_status},
    {OID_TEXT, put_cost},
    {OID_TEXT, put_failure},
};

static void send_settle(struct outbox *outbox, struct store_op *op)
{
    struct store_outbox_settle *settle = CONTAINER_OF(op, struct store_outbox_settle, base);
    struct params *params = connection_params(outbox->connection);
    for (size_t column = 0; column < ARRAY_LEN(settle_columns); column++) {
        params_array(params, settle_columns[column].type);
        for (size_t i = 0; i < settle->count; i++) {
            settle_columns[column].put(params, &settle->items[i]);
        }
        params_array_end(params);
    }
    params_array(params, OID_TEXT);
    for (size_t i = 0; i < settle->count; i++) {
        const struct settlement *item = &settle->items[i];
        put_fragment(
            params, &(struct history_change){
                        .state = item->state, .at = settle->now, .failure = item->failure});
    }
    params_array_end(params);
    params_uuid(params, &settle->token);
    params_bool(params, op->tries > 0);
    execute(outbox, STATEMENT_OUTBOX_SETTLE);
}

static void send_sweep(struct outbox *outbox, struct store_op *op)
{
    const struct store_outbox_sweep *sweep = CONTAINER_OF(op, struct store_outbox_sweep, base);
    struct params *params = connection_params(outbox->connection);
    struct history_change lost = {
        .state = MESSAGE_UNKNOWN, .at = sweep->now, .failure = FAILURE_LEASE_LOST};
    struct history_change expired = {
        .state = MESSAGE_EXPIRED, .at = sweep->now, .failure = FAILURE_EXPIRED};
    params_time(params, sweep->now);
    params_i64(params, SWEEP_MAX);
    put_fragment(params, &lost);
    put_fragment(params, &expired);
    params_bytes(params, lost.failure);
    params_bytes(params, expired.failure);
    execute(outbox, STATEMENT_OUTBOX_SWEEP);
    params_time(params, sweep->now);
    execute(outbox, STATEMENT_OUTBOX_LOOK);
}

static void send_purge(struct outbox *outbox, struct store_op *op)
{
    const struct store_keys_purge *purge = CONTAINER_OF(op, struct store_keys_purge, base);
    struct params *params = connection_params(outbox->connection);
    params_time(params, purge->before);
    params_i64(params, SWEEP_MAX);
    execute(outbox, STATEMENT_KEYS_PURGE);
}

static void send(struct outbox *outbox, struct store_op *op)
{
    struct chore *chore = memory_zeroed(sizeof(*chore));
    *chore = (struct chore){{.result = take_rows, .end = chore_ended}, outbox, op};
    switch (op->verb) {
    case STORE_OUTBOX_CLAIM: send_claim(outbox, op); break;
    case STORE_OUTBOX_SETTLE: send_settle(outbox, op); break;
    case STORE_OUTBOX_SWEEP: send_sweep(outbox, op); break;
    default: send_purge(outbox, op); break;
    }
    outbox->out++;
    connection_send(outbox->connection, &chore->flight);
}

void outbox_go(struct outbox *outbox)
{
    while (outbox->out < OUT_MAX && connection_usable(outbox->connection)) {
        struct store_op *op = backlog_take(&outbox->backlog);
        if (!op) return;
        send(outbox, op);
    }
}

static void take_claimed(struct store_outbox_claim *claim, const PGresult *rows)
{
    int count = PQntuples(rows);
    claim->count = (size_t)count;
    claim->messages = arena_alloc(claim->base.arena, claim->count * sizeof(*claim->messages));
    for (int i = 0; i < count; i++) {
        struct row row = {.result = rows, .number = i, .arena = claim->base.arena};
        row_message(&row, &claim->messages[i]);
    }
}

/* A sweep is answered by two statements: the changes, then the queue as they left it. */
static void take_sweep(struct store_outbox_sweep *sweep, const PGresult *rows)
{
    struct row row = {.result = rows};
    if (PQnfields(rows) == 2) {
        sweep->lost = row_i64(&row);
        sweep->expired = row_i64(&row);
        return;
    }
    sweep->depth = row_i64(&row);
    sweep->oldest_due = row_time(&row);
    sweep->next_due = row_time(&row);
}

static void take_rows(struct flight *flight, const PGresult *rows)
{
    struct store_op *op = CONTAINER_OF(flight, struct chore, flight)->op;
    struct row row = {.result = rows};
    switch (op->verb) {
    case STORE_OUTBOX_CLAIM:
        take_claimed(CONTAINER_OF(op, struct store_outbox_claim, base), rows);
        return;
    case STORE_OUTBOX_SETTLE:
        CONTAINER_OF(op, struct store_outbox_settle, base)->applied = (size_t)row_i64(&row);
        return;
    case STORE_OUTBOX_SWEEP:
        take_sweep(CONTAINER_OF(op, struct store_outbox_sweep, base), rows);
        return;
    default: CONTAINER_OF(op, struct store_keys_purge, base)->deleted = row_i64(&row); return;
    }
}

/* A lost race is run again from the start: rolled back, so nothing has to be found out. */
static void chore_failed(struct outbox *outbox, struct store_op *op, const char *sqlstate)
{
    bool again =
        fault_of(sqlstate) == FAULT_RETRY && clock_mono_ms() - op->since_ms < STORE_WAIT_MS;
    if (again) {
        backlog_put_first(&outbox->backlog, op);
    } else {
        op_complete(&op->op, fault_answer("outbox", sqlstate));
    }
}

static void chore_ended(struct flight *flight, enum flight_end how)
{
    struct chore *chore = CONTAINER_OF(flight, struct chore, flight);
    struct outbox *outbox = chore->outbox;
    struct store_op *op = chore->op;
    outbox->out--;
    if (how == FLIGHT_DONE) {
        op_complete(&op->op, ERR_OK);
    } else if (how == FLIGHT_FAILED) {
        chore_failed(outbox, op, flight->sqlstate);
    } else if (++op->tries < TRIES_MAX) {
        backlog_put_first(&outbox->backlog, op);
    } else {
        op_complete(&op->op, ERR_UNAVAILABLE);
    }
    free(chore);
}
