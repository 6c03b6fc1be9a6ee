/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway in the API. Reading waits for nothing; the switch waits once, for the store. Worker's thread.
 *
 * The switch stands in the database: this copy heeds it with the answer, the others with their next look at the queue.
 */
#include "api/gateway.h"

#include "api/audit.h"
#include "api/schema.h"
#include "core/clock.h"

static step_fn switched;

enum step gateway_view(struct req *rq)
{
    struct sms_status status = {0};
    sms_status(req_worker(rq)->api->sms, &rq->arena, &status);
    return req_reply_row(rq, 200, rq->route->gives(), &status);
}

enum step gateway_switch(struct req *rq)
{
    struct store_sending_switch *change = req_state(rq, struct store_sending_switch);
    struct gateway_input input = {0};
    if (!req_decode(rq, rq->route->takes(), &input)) return STEP_DONE;
    change->base.verb = STORE_SENDING_SWITCH;
    change->halt = !input.sending;
    change->now = clock_wall_ms();
    change->by = rq->identity->subject;
    change->entry =
        req_entry(rq, change->halt ? AUDIT_SENDING_HALTED : AUDIT_SENDING_RESUMED, slice_absent());
    return req_store(rq, &change->base, switched);
}

/* `hold` follows with the dispatcher's next turn. */
static enum step switched(struct req *rq)
{
    const struct store_sending_switch *change = rq->state;
    struct sms_status status = {0};
    if (change->base.op.err) return req_fail(rq, change->base.op.err);
    sms_halt(req_worker(rq)->api->sms, change->halt ? change->now : 0, change->by);
    sms_status(req_worker(rq)->api->sms, &rq->arena, &status);
    return req_reply_row(rq, 200, rq->route->gives(), &status);
}
