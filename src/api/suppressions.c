/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suppressions: list, add, remove. Each flow waits once, for the store. Worker's thread.
 *
 * A number is on the list once for a sender, so adding one that is there answers 200 with the row that is there, and 201 otherwise.
 */
#include "api/suppressions.h"

#include "api/audit.h"
#include "api/list.h"
#include "core/clock.h"
#include "store/suppression.h"

static step_fn added, removed;

enum step suppression_list(struct req *rq)
{
    static const struct list_kind kind = {
        STORE_SUPPRESSION_LIST, sizeof(struct suppression), .counts = false};
    return req_list(rq, &kind);
}

enum step suppression_add(struct req *rq)
{
    struct store_suppression_add *add = req_state(rq, struct store_suppression_add);
    struct suppression_input input = {0};
    if (!req_decode(rq, rq->route->takes(), &input)) return STEP_DONE;
    add->base.verb = STORE_SUPPRESSION_ADD;
    add->row = (struct suppression){
        .id = uuid_new(),
        .phone = input.phone,
        .sender = slice_present(input.sender) ? input.sender : SLICE(""),
        .source = SLICE("manual"),
        .reason = input.reason,
        .created_by = rq->identity->subject,
        .created_at = clock_wall_ms(),
    };
    add->entry = req_entry(rq, AUDIT_SUPPRESSION_ADDED, add->row.phone);
    return req_store(rq, &add->base, added);
}

static enum step added(struct req *rq)
{
    const struct store_suppression_add *add = rq->state;
    if (add->base.op.err) return req_fail(rq, add->base.op.err);
    return req_reply_row(rq, add->existing ? 200 : 201, rq->route->gives(), &add->standing);
}

enum step suppression_remove(struct req *rq)
{
    struct store_suppression_remove *remove = req_state(rq, struct store_suppression_remove);
    if (!uuid_parse(rq->arguments[0], &remove->id)) return req_fail(rq, ERR_NOT_FOUND);
    remove->base.verb = STORE_SUPPRESSION_REMOVE;
    remove->entry = req_entry(rq, AUDIT_SUPPRESSION_REMOVED, arena_uuid(&rq->arena, remove->id));
    return req_store(rq, &remove->base, removed);
}

static enum step removed(struct req *rq)
{
    const struct store_suppression_remove *remove = rq->state;
    if (remove->base.op.err) return req_fail(rq, remove->base.op.err);
    return req_reply(rq, 204, slice_absent());
}
