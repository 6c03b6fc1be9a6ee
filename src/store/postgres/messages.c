/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resending, settling by hand, the scrub of old texts.
 *
 * Each asks for the state that it starts from, so of two at once one finds nothing to do. One whose connection broke may have been
 * committed, and is sent again: its entry of the audit log tells. Of a resend of many, those that were claimed meanwhile are not counted
 * then. The scrub may simply run twice.
 *
 * Runs on the loop thread of its connection; see chores.c for how they get there and back.
 * Limits: SCRUB_MAX messages are looked at by one scrub.
 */
#include "store/postgres/messages.h"

#include "store/postgres/audit.h"
#include "store/postgres/rows.h"
#include "store/turns.h"

#define SCRUB_MAX (STORE_BATCH_MAX * 8)

static void execute(struct connection *connection, enum statement statement)
{
    connection_execute(connection, statement_name(statement));
}

/* $1 to $14 of both resends. */
static void put_queued_again(struct params *params, const struct store_op *op,
    const struct audit_entry *entry, int64_t now, int64_t expires_at)
{
    audit_put(params, entry);
    params_bool(params, op->tries > 0);
    params_time(params, now);
    params_time(params, expires_at);
    params_change(params, &(struct history_change){.state = MESSAGE_QUEUED, .at = now});
    params_i32(params, LOSSES_MAX);
}

void message_send_resend(struct connection *connection, struct store_op *op)
{
    const struct store_message_resend *resend = CONTAINER_OF(op, struct store_message_resend, base);
    struct params *params = connection_params(connection);
    put_queued_again(params, op, &resend->entry, resend->now, resend->expires_at);
    params_uuid(params, &resend->id);
    params_bool(params, resend->unknown_too);
    execute(connection, STATEMENT_MESSAGE_RESEND);
}

/* The row of CHANGE_ONE: whether it was done, whether the message is in quarantine, the message. */
struct changed {
    bool done, quarantined;
};

static struct changed take_changed(struct store_op *op, const PGresult *rows, struct message *out)
{
    struct row row = {.result = rows, .arena = op->arena};
    struct changed changed;
    changed.done = row_bool(&row);
    changed.quarantined = row_bool(&row);
    row_message(&row, out);
    return changed;
}

static bool is_over(enum message_state state, bool unknown_too)
{
    return state == MESSAGE_FAILED || state == MESSAGE_EXPIRED || state == MESSAGE_DEAD ||
           (state == MESSAGE_UNKNOWN && unknown_too);
}

enum err message_take_resend(struct store_op *op, const PGresult *rows)
{
    struct store_message_resend *resend = CONTAINER_OF(op, struct store_message_resend, base);
    const struct message *message = &resend->row;
    if (!PQntuples(rows)) return ERR_NOT_FOUND;
    struct changed changed = take_changed(op, rows, &resend->row);
    if (changed.done) return ERR_OK;
    bool fit = is_over(message->state, resend->unknown_too) && message->body.len;
    return fit && changed.quarantined ? ERR_QUARANTINED : ERR_NOT_RESENDABLE;
}

void message_send_settle(struct connection *connection, struct store_op *op)
{
    const struct store_message_settle *settle = CONTAINER_OF(op, struct store_message_settle, base);
    struct params *params = connection_params(connection);
    audit_put(params, &settle->entry);
    params_bool(params, op->tries > 0);
    params_time(params, settle->now);
    params_bytes(params, message_state_text(settle->state));
    params_change(params, &(struct history_change){
                              .state = settle->state, .at = settle->now, .failure = settle->note});
    params_i32(params, LOSSES_MAX);
    params_uuid(params, &settle->id);
    params_bytes(params, settle->note);
    params_i32(params, REPORT_FINAL);
    execute(connection, STATEMENT_MESSAGE_SETTLE);
}

enum err message_take_settle(struct store_op *op, const PGresult *rows)
{
    struct store_message_settle *settle = CONTAINER_OF(op, struct store_message_settle, base);
    if (!PQntuples(rows)) return ERR_NOT_FOUND;
    return take_changed(op, rows, &settle->row).done ? ERR_OK : ERR_NOT_UNKNOWN;
}

void messages_send_resend(struct connection *connection, struct store_op *op)
{
    const struct store_messages_resend *resend =
        CONTAINER_OF(op, struct store_messages_resend, base);
    struct params *params = connection_params(connection);
    bool of_customer = slice_present(resend->customer);
    check(resend->limit <= STORE_RESEND_MAX && is_over(resend->state, false));
    put_queued_again(params, op, &resend->entry, resend->now, resend->expires_at);
    params_bytes(params, message_state_text(resend->state));
    params_time(params, resend->from);
    params_time(params, resend->to);
    params_i64(params, (int64_t)resend->limit);
    params_bool(params, resend->dry_run);
    params_i64(params, TURN_MS);
    if (of_customer) params_bytes(params, resend->customer);
    execute(connection,
        of_customer ? STATEMENT_MESSAGES_RESEND_OF_CUSTOMER : STATEMENT_MESSAGES_RESEND);
}

enum err messages_take_resend(struct store_op *op, const PGresult *rows)
{
    struct store_messages_resend *resend = CONTAINER_OF(op, struct store_messages_resend, base);
    struct row row = {.result = rows};
    resend->matched = (size_t)row_i64(&row);
    resend->resent = (size_t)row_i64(&row);
    return ERR_OK;
}

void messages_send_scrub(struct connection *connection, struct store_op *op)
{
    struct params *params = connection_params(connection);
    params_time(params, CONTAINER_OF(op, struct store_messages_scrub, base)->before);
    params_i64(params, SCRUB_MAX);
    execute(connection, STATEMENT_MESSAGES_SCRUB);
}

enum err messages_take_scrub(struct store_op *op, const PGresult *rows)
{
    struct row row = {.result = rows};
    CONTAINER_OF(op, struct store_messages_scrub, base)->scrubbed = row_i64(&row);
    return ERR_OK;
}
