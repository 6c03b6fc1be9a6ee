/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends operations, one flight each, between the batches of the same connection.
 *
 * A broken connection leaves it open whether the transaction was committed, so the operation is sent again; its send function knows how
 * to find out, or that it may simply run twice. What was rolled back because somebody else was in its way is run again as it was.
 *
 * Runs on the loop thread of its connection. Operations belong to their callers, flights to us.
 * Limits: OUT_MAX at a time, the rest waits; TRIES_MAX tries.
 */
#include "store/postgres/chores.h"

#include "core/clock.h"
#include "store/postgres/audit.h"
#include "store/postgres/messages.h"
#include "store/postgres/outbox.h"
#include "store/postgres/reports.h"
#include "store/postgres/sessions.h"
#include "store/postgres/suppressions.h"
#include "store/postgres/templates.h"

#define OUT_MAX 16
#define TRIES_MAX 8

static const struct chore_kind {
    chore_send_fn *send;
    chore_rows_fn *rows;
    bool queues; /* messages, when it succeeds */
} kinds[STORE_VERB_COUNT] = {
    [STORE_OUTBOX_CLAIM] = {outbox_send_claim, outbox_take_claim, false},
    [STORE_OUTBOX_SETTLE] = {outbox_send_settle, outbox_take_settle, false},
    [STORE_OUTBOX_SWEEP] = {outbox_send_sweep, outbox_take_sweep, false},
    [STORE_KEYS_PURGE] = {outbox_send_purge, outbox_take_purge, false},
    [STORE_SESSION_CREATE] = {session_send_create, session_take_create, false},
    [STORE_SESSION_TOUCH] = {session_send_touch, session_take_touch, false},
    [STORE_SESSION_REFRESH] = {session_send_refresh, session_take_refresh, false},
    [STORE_SESSION_END] = {session_send_end, session_take_end, false},
    [STORE_SESSIONS_PURGE] = {sessions_send_purge, sessions_take_purge, false},
    [STORE_AUDIT_WRITE] = {audit_send_write, audit_take_write, false},
    [STORE_REPORT_TAKE] = {report_send_take, report_take_take, false},
    [STORE_MESSAGE_RESEND] = {message_send_resend, message_take_resend, true},
    [STORE_MESSAGES_RESEND] = {messages_send_resend, messages_take_resend, true},
    [STORE_MESSAGE_SETTLE] = {message_send_settle, message_take_settle, false},
    [STORE_MESSAGES_SCRUB] = {messages_send_scrub, messages_take_scrub, false},
    [STORE_SENDING_SWITCH] = {outbox_send_switch, outbox_take_switch, false},
    [STORE_SUPPRESSION_ADD] = {suppression_send_add, suppression_take_add, false},
    [STORE_SUPPRESSION_REMOVE] = {suppression_send_remove, suppression_take_remove, false},
    [STORE_TEMPLATE_PUT] = {template_send_put, template_take_put, false},
    [STORE_TEMPLATE_REMOVE] = {template_send_remove, template_take_remove, false},
};

struct chore {
    struct flight flight;
    struct chores *chores;
    struct store_op *op;
    enum err err; /* what its rows said */
};

static flight_rows_fn take_rows;
static flight_end_fn chore_ended;

void chores_init(struct chores *chores, const char *name, int64_t unsure_ms)
{
    chores->name = name;
    backlog_init(&chores->backlog, unsure_ms);
    chores->out = 0;
}

void chores_put(struct chores *chores, struct store_op *op)
{
    backlog_put(&chores->backlog, op);
}

static void send(struct chores *chores, struct store_op *op)
{
    struct chore *chore = memory_zeroed(sizeof(*chore));
    *chore = (struct chore){{.result = take_rows, .end = chore_ended}, chores, op, ERR_OK};
    kinds[op->verb].send(chores->connection, op);
    chores->out++;
    connection_send(chores->connection, &chore->flight);
}

void chores_go(struct chores *chores)
{
    while (chores->out < OUT_MAX && connection_usable(chores->connection)) {
        struct store_op *op = backlog_take(&chores->backlog);
        if (!op) return;
        send(chores, op);
    }
}

static void take_rows(struct flight *flight, const PGresult *rows)
{
    struct chore *chore = CONTAINER_OF(flight, struct chore, flight);
    enum err err = kinds[chore->op->verb].rows(chore->op, rows);
    if (err != ERR_OK) chore->err = err;
}

/* A lost race is run again from the start: rolled back, so nothing has to be found out. */
static void chore_failed(struct chores *chores, struct store_op *op, const char *sqlstate)
{
    bool again =
        fault_of(sqlstate) == FAULT_RETRY && clock_mono_ms() - op->since_ms < STORE_WAIT_MS;
    if (again) {
        backlog_put_first(&chores->backlog, op);
    } else {
        op_complete(&op->op, fault_answer(chores->name, sqlstate));
    }
}

static void chore_done(struct chores *chores, struct store_op *op, enum err err)
{
    if (err == ERR_OK && kinds[op->verb].queues) chores->hooks->queued(chores->hooks->context);
    op_complete(&op->op, err);
}

static void chore_ended(struct flight *flight, enum flight_end how)
{
    struct chore *chore = CONTAINER_OF(flight, struct chore, flight);
    struct chores *chores = chore->chores;
    struct store_op *op = chore->op;
    chores->out--;
    if (how == FLIGHT_DONE) {
        chore_done(chores, op, chore->err);
    } else if (how == FLIGHT_FAILED) {
        chore_failed(chores, op, flight->sqlstate);
    } else if (++op->tries < TRIES_MAX) {
        backlog_put_first(&chores->backlog, op);
    } else {
        op_complete(&op->op, ERR_UNAVAILABLE);
    }
    free(chore);
}
