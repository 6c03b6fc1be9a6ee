/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing of the request target. The router, the permissions and the handlers all see the one decoded string made here.
 *
 * Pure but for the request's arena; worker's thread. `+` in the query is a space (the form encoding every client library writes).
 */
#include "http/target.h"

#include "http/form.h"
#include "http/percent.h"

static enum err parse_query(struct req *rq, struct slice query)
{
    struct form form;
    enum err err = form_parse(&rq->arena, query, &form);
    rq->parameters = form.fields;
    rq->parameter_count = form.count;
    return err;
}

/* RFC 9112 §3.2.2: a server must understand the absolute form. Its authority must be the one in Host, so that nobody in front of us
 * can have decided by another. */
static bool to_origin_form(const struct req *rq, struct slice *target)
{
    static const struct slice scheme = {"http://", 7};
    if (target->len < scheme.len) return true;
    if (!slice_equal_nocase((struct slice){target->ptr, scheme.len}, scheme)) return true;
    struct slice rest = slice_skip(*target, scheme.len);
    const char *slash = memchr(rest.ptr, '/', rest.len);
    size_t len = slash ? (size_t)(slash - rest.ptr) : rest.len;
    struct slice host = req_field(rq, SLICE("Host"), NULL);
    *target = slash ? slice_skip(rest, len) : SLICE("/");
    return slice_equal_nocase((struct slice){rest.ptr, len}, host);
}

enum err target_parse(struct req *rq)
{
    struct slice query = rq->target;
    if (query.len > HTTP_TARGET_MAX) return ERR_TARGET_TOO_LONG;
    if (!to_origin_form(rq, &query)) return ERR_MALFORMED;
    struct slice path = slice_cut(&query, '?');
    if (path.len == 0 || path.ptr[0] != '/') return ERR_MALFORMED;
    if (!percent_decode(&rq->arena, path, false, &rq->path)) return ERR_MALFORMED;
    return slice_present(query) ? parse_query(rq, query) : ERR_OK;
}
