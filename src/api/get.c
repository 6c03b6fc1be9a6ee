/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow of reading one row: parse the id, ask the store, check whose it is, answer with its ETag or 304. Worker's thread.
 */
#include "api/get.h"

#include "api/schema.h"

struct getting {
    struct store_get get;
    const struct get_kind *kind;
};

static bool may_see(const struct req *rq, struct slice owner)
{
    if (!rq->identity->is_customer) return true;
    struct slice own = rq->identity->customer_code;
    return slice_present(own) && slice_equal_nocase(own, owner);
}

bool etag_matches(struct slice given, struct slice own)
{
    while (slice_present(given)) {
        struct slice tag = slice_trim(slice_cut(&given, ','));
        if (slice_starts(tag, SLICE("W/"))) tag = slice_skip(tag, 2);
        if (slice_equal(tag, own) || slice_equal(tag, SLICE("*"))) return true;
    }
    return false;
}

static enum step reply_got(struct req *rq)
{
    const struct getting *getting = rq->state;
    const struct store_get *get = &getting->get;
    if (get->base.op.err) return req_fail(rq, get->base.op.err);
    if (!may_see(rq, getting->kind->owner(get))) return req_fail(rq, ERR_NOT_FOUND);
    int64_t version = getting->kind->version(get);
    if (version) {
        struct slice etag = arena_format(&rq->arena, "\"%lld\"", (long long)version);
        req_reply_field(rq, SLICE("ETag"), etag);
        if (etag_matches(req_field(rq, SLICE("If-None-Match"), NULL), etag)) {
            return req_reply(rq, 304, slice_absent());
        }
    }
    return req_reply_row(rq, 200, rq->route->gives(), &get->row);
}

enum step req_get(struct req *rq, const struct get_kind *kind)
{
    struct getting *getting = req_state(rq, struct getting);
    if (!uuid_parse(rq->arguments[0], &getting->get.id)) return req_fail(rq, ERR_NOT_FOUND);
    getting->kind = kind;
    getting->get.base.verb = kind->verb;
    return req_store(rq, &getting->get.base, reply_got);
}
