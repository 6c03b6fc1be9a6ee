/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resending and settling by hand. Each flow waits once, for the store. Worker's thread.
 *
 * A message can be sent again when it is known that it did not arrive; one whose end is unknown only when the caller says so
 * (`?unknown=true`), who then answers for a second SMS. Asking twice sends once: the second finds it queued, and is refused.
 */
#include "api/message_changes.h"

#include "api/audit.h"
#include "api/schema.h"
#include "core/clock.h"
#include "store/delivery.h"

#define RESEND_DEFAULT 100

static step_fn resent, resent_many, settled;

static int64_t expiry_from(const struct req *rq, int64_t now)
{
    return now + req_worker(rq)->api->config->sms_expiry * 1000;
}

/* False when the reply has been made. */
static bool read_unknown(struct req *rq, bool *unknown)
{
    struct slice text = req_parameter(rq, SLICE("unknown"));
    *unknown = slice_equal(text, SLICE("true"));
    if (!slice_present(text) || *unknown || slice_equal(text, SLICE("false"))) return true;
    return req_fail_with(rq, ERR_BAD_PARAMETER, SLICE("`unknown` is true or false")) != STEP_DONE;
}

enum step message_resend(struct req *rq)
{
    struct store_message_resend *resend = req_state(rq, struct store_message_resend);
    if (!read_unknown(rq, &resend->unknown_too)) return STEP_DONE;
    if (!uuid_parse(rq->arguments[0], &resend->id)) return req_fail(rq, ERR_NOT_FOUND);
    resend->base.verb = STORE_MESSAGE_RESEND;
    resend->now = clock_wall_ms();
    resend->expires_at = expiry_from(rq, resend->now);
    resend->entry = req_entry(rq, AUDIT_MESSAGE_RESENT, arena_uuid(&rq->arena, resend->id));
    return req_store(rq, &resend->base, resent);
}

static enum step resent(struct req *rq)
{
    const struct store_message_resend *resend = rq->state;
    if (resend->base.op.err) return req_fail(rq, resend->base.op.err);
    return req_reply_row(rq, 200, rq->route->gives(), &resend->row);
}

void resend_input_refine(struct req *rq, void *row)
{
    struct resend_input *input = row;
    bool known = input->state == MESSAGE_FAILED || input->state == MESSAGE_EXPIRED ||
                 input->state == MESSAGE_DEAD;
    if (!input->to) input->to = INT64_MAX;
    if (!input->limit) input->limit = RESEND_DEFAULT;
    if (known || rq->fault_count > 0) return;
    req_fault(rq, SLICE("/state"), SLICE("state"), SLICE("must be failed, expired or dead"));
}

enum step messages_resend(struct req *rq)
{
    struct store_messages_resend *resend = req_state(rq, struct store_messages_resend);
    struct resend_input input = {0};
    if (!req_decode(rq, rq->route->takes(), &input)) return STEP_DONE;
    resend->base.verb = STORE_MESSAGES_RESEND;
    resend->state = input.state;
    resend->from = input.from;
    resend->to = input.to;
    resend->customer = input.customer;
    resend->limit = (size_t)input.limit;
    resend->dry_run = input.dry_run;
    resend->now = clock_wall_ms();
    resend->expires_at = expiry_from(rq, resend->now);
    resend->entry = req_entry(rq, AUDIT_MESSAGES_RESENT, message_state_text(input.state));
    return req_store(rq, &resend->base, resent_many);
}

static enum step resent_many(struct req *rq)
{
    const struct store_messages_resend *resend = rq->state;
    if (resend->base.op.err) return req_fail(rq, resend->base.op.err);
    const struct resent row = {(int64_t)resend->matched, (int64_t)resend->resent, resend->dry_run};
    return req_reply_row(rq, 200, rq->route->gives(), &row);
}

void settle_input_refine(struct req *rq, void *row)
{
    const struct settle_input *input = row;
    bool known = input->state == MESSAGE_DELIVERED || input->state == MESSAGE_FAILED;
    if (known || rq->fault_count > 0) return;
    req_fault(rq, SLICE("/state"), SLICE("state"), SLICE("must be delivered or failed"));
}

enum step message_settle(struct req *rq)
{
    struct store_message_settle *settle = req_state(rq, struct store_message_settle);
    struct settle_input input = {0};
    if (!uuid_parse(rq->arguments[0], &settle->id)) return req_fail(rq, ERR_NOT_FOUND);
    if (!req_decode(rq, rq->route->takes(), &input)) return STEP_DONE;
    settle->base.verb = STORE_MESSAGE_SETTLE;
    settle->state = input.state;
    settle->note = input.note;
    settle->now = clock_wall_ms();
    settle->entry = req_entry(rq, AUDIT_MESSAGE_SETTLED, arena_uuid(&rq->arena, settle->id));
    return req_store(rq, &settle->base, settled);
}

static enum step settled(struct req *rq)
{
    const struct store_message_settle *settle = rq->state;
    if (settle->base.op.err) return req_fail(rq, settle->base.op.err);
    return req_reply_row(rq, 200, rq->route->gives(), &settle->row);
}
