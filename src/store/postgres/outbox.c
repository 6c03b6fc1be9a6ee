/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim, settle, sweep, the switch, purge.
 *
 * One whose connection broke is sent again in a form that finds out whether it was committed: a claim asks what its token already holds
 * (what it suppressed is not counted then), a settlement counts what already stands as it wants it. The others may simply run twice.
 * A report and a settlement that brings its provider_id may both look for the other before either is committed; the sweep finds them.
 *
 * Runs on the loop thread of its connection; see chores.c for how they get there and back.
 * Limits: SWEEP_MAX rows of a kind per sweep or purge; of the reports that wait, the newest WAITING_MAX.
 */
#include "store/postgres/outbox.h"

#include "store/history.h"
#include "store/postgres/audit.h"
#include "store/postgres/rows.h"

#define SWEEP_MAX (STORE_BATCH_MAX * 8)
/* Each is looked for by its provider_id and its number, at every sweep. */
#define WAITING_MAX (STORE_BATCH_MAX * 2)

static void execute(struct connection *connection, enum statement statement)
{
    connection_execute(connection, statement_name(statement));
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

/* `failure`, and what the history says of it. */
static void put_suppressed(struct params *params, int64_t now, struct slice failure)
{
    params_bytes(params, failure);
    params_change(params,
        &(struct history_change){.state = MESSAGE_SUPPRESSED, .at = now, .failure = failure});
}

void outbox_send_claim(struct connection *connection, struct store_op *op)
{
    struct store_outbox_claim *claim = CONTAINER_OF(op, struct store_outbox_claim, base);
    struct params *params = connection_params(connection);
    if (op->tries) {
        params_uuid(params, &claim->token);
        execute(connection, STATEMENT_OUTBOX_CLAIMED);
        return;
    }
    params_time(params, claim->now);
    params_time(params, claim->lease_until);
    params_uuid(params, &claim->token);
    params_i64(params, (int64_t)claim->limit);
    put_claim_fragment(params, claim->now);
    params_bytes(params, slice_present(claim->sender) ? claim->sender : SLICE(""));
    put_suppressed(params, claim->now, FAILURE_OPTED_OUT);
    put_suppressed(params, claim->now, FAILURE_SUPPRESSED);
    execute(connection, STATEMENT_OUTBOX_CLAIM);
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

static void put_price(struct params *params, const struct settlement *item)
{
    params_i64(params, item->price);
}

static void put_suppress(struct params *params, const struct settlement *item)
{
    params_bool(params, item->suppress);
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
    {OID_INT8, put_price},
    {OID_BOOL, put_suppress},
};

static void put_steps(struct params *params, const struct store_outbox_settle *settle)
{
    params_array(params, OID_TEXT);
    for (size_t i = 0; i < settle->count; i++) {
        const struct settlement *item = &settle->items[i];
        params_change(
            params, &(struct history_change){
                        .state = item->state, .at = settle->now, .failure = item->failure});
    }
    params_array_end(params);
}

void outbox_send_settle(struct connection *connection, struct store_op *op)
{
    struct store_outbox_settle *settle = CONTAINER_OF(op, struct store_outbox_settle, base);
    struct params *params = connection_params(connection);
    for (size_t column = 0; column < ARRAY_LEN(settle_columns); column++) {
        params_array(params, settle_columns[column].type);
        for (size_t i = 0; i < settle->count; i++) {
            settle_columns[column].put(params, &settle->items[i]);
        }
        params_array_end(params);
    }
    put_steps(params, settle);
    params_uuid(params, &settle->token);
    params_bool(params, op->tries > 0);
    params_time(params, settle->now);
    params_i64(params, settle->day);
    params_bytes(params, settle->sender);
    execute(connection, STATEMENT_OUTBOX_SETTLE);
}

void outbox_send_sweep(struct connection *connection, struct store_op *op)
{
    const struct store_outbox_sweep *sweep = CONTAINER_OF(op, struct store_outbox_sweep, base);
    struct params *params = connection_params(connection);
    struct history_change lost = {
        .state = MESSAGE_UNKNOWN, .at = sweep->now, .failure = FAILURE_LEASE_LOST};
    struct history_change expired = {
        .state = MESSAGE_EXPIRED, .at = sweep->now, .failure = FAILURE_EXPIRED};
    params_time(params, sweep->now);
    params_i64(params, SWEEP_MAX);
    params_change(params, &lost);
    params_change(params, &expired);
    params_bytes(params, lost.failure);
    params_bytes(params, expired.failure);
    params_time(params, sweep->now - REPORT_WINDOW_MS);
    params_i64(params, WAITING_MAX);
    params_i64(params, REPORT_WINDOW_MS);
    execute(connection, STATEMENT_OUTBOX_SWEEP);
    params_time(params, sweep->now);
    params_i64(params, sweep->day);
    params_bool(params, sweep->count_all);
    execute(connection, STATEMENT_OUTBOX_LOOK);
}

void outbox_send_switch(struct connection *connection, struct store_op *op)
{
    const struct store_sending_switch *turn = CONTAINER_OF(op, struct store_sending_switch, base);
    struct params *params = connection_params(connection);
    audit_put(params, &turn->entry);
    params_bool(params, turn->halt);
    params_time(params, turn->now);
    params_bytes(params, turn->by);
    execute(connection, STATEMENT_SENDING_SWITCH);
}

void outbox_send_purge(struct connection *connection, struct store_op *op)
{
    const struct store_keys_purge *purge = CONTAINER_OF(op, struct store_keys_purge, base);
    struct params *params = connection_params(connection);
    params_time(params, purge->before);
    params_i64(params, SWEEP_MAX);
    execute(connection, STATEMENT_KEYS_PURGE);
}

enum err outbox_take_claim(struct store_op *op, const PGresult *rows)
{
    struct store_outbox_claim *claim = CONTAINER_OF(op, struct store_outbox_claim, base);
    int found = PQntuples(rows);
    claim->count = claim->suppressed = 0;
    claim->messages = arena_alloc(op->arena, (size_t)found * sizeof(*claim->messages));
    for (int i = 0; i < found; i++) {
        struct row row = {.result = rows, .number = i, .arena = op->arena};
        struct message *message = &claim->messages[claim->count];
        row_message(&row, message);
        if (message->state == MESSAGE_SENDING) {
            claim->count++;
        } else {
            claim->suppressed++;
        }
    }
    return ERR_OK;
}

enum err outbox_take_settle(struct store_op *op, const PGresult *rows)
{
    struct row row = {.result = rows};
    CONTAINER_OF(op, struct store_outbox_settle, base)->applied = (size_t)row_i64(&row);
    return ERR_OK;
}

static void take_look(struct store_outbox_sweep *sweep, struct row *row)
{
    sweep->depth = row_i64(row);
    sweep->oldest_due = row_time(row);
    sweep->next_due = row_time(row);
    sweep->spent = row_i64(row);
    sweep->halted = !row_null(row);
    sweep->halted_at = row_time(row);
    sweep->halted_by = row_text(row);
}

/* A sweep is answered by two statements: the changes, then the queue as they left it. */
enum { COLUMNS_CHANGED = 3 };

enum err outbox_take_sweep(struct store_op *op, const PGresult *rows)
{
    struct store_outbox_sweep *sweep = CONTAINER_OF(op, struct store_outbox_sweep, base);
    struct row row = {.result = rows, .arena = op->arena};
    if (PQnfields(rows) != COLUMNS_CHANGED) {
        take_look(sweep, &row);
        return ERR_OK;
    }
    sweep->lost = row_i64(&row);
    sweep->expired = row_i64(&row);
    sweep->matched = row_i64(&row);
    return ERR_OK;
}

enum err outbox_take_switch(struct store_op *op, const PGresult *rows)
{
    (void)op, (void)rows;
    return ERR_OK;
}

enum err outbox_take_purge(struct store_op *op, const PGresult *rows)
{
    struct row row = {.result = rows};
    CONTAINER_OF(op, struct store_keys_purge, base)->deleted = row_i64(&row);
    return ERR_OK;
}
