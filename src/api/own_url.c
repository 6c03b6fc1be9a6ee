/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing where a request says that it comes from with where we are. Worker's thread; texts live in the request.
 */
#include "api/own_url.h"

static struct slice own_base(struct req *rq)
{
    struct slice base = slice_of(req_worker(rq)->api->config->public_url);
    if (base.len == 0) {
        struct slice host = slice_trim(req_field(rq, SLICE("Host"), NULL));
        return arena_format(&rq->arena, "http://%.*s", SLICE_ARG(host));
    }
    while (base.len > 0 && base.ptr[base.len - 1] == '/') base.len--;
    return base;
}

struct slice own_url(struct req *rq)
{
    struct slice base = own_base(rq);
    return arena_format(&rq->arena, "%.*s%.*s", SLICE_ARG(base), SLICE_ARG(rq->path));
}

static struct slice cut_end(struct slice text, struct slice end)
{
    bool ends = text.len >= end.len && slice_equal(slice_skip(text, text.len - end.len), end);
    return ends ? (struct slice){text.ptr, text.len - end.len} : text;
}

/* `scheme://host[:port]` of a URL, without a port that its scheme has anyway: browsers leave it out (RFC 6454 §6.2). */
static struct slice origin_of(struct slice url)
{
    struct slice rest = url;
    struct slice scheme = slice_cut(&rest, ':');
    if (!slice_present(rest) || !slice_starts(rest, SLICE("//"))) return slice_absent();
    struct slice authority = slice_skip(rest, 2);
    const char *end = memchr(authority.ptr, '/', authority.len);
    if (end) authority.len = (size_t)(end - authority.ptr);
    struct slice origin = {url.ptr, (size_t)(authority.ptr - url.ptr) + authority.len};
    bool secure = slice_equal_nocase(scheme, SLICE("https"));
    return cut_end(origin, secure ? SLICE(":443") : SLICE(":80"));
}

static bool changes_nothing(struct slice method)
{
    return slice_equal(method, SLICE("GET")) || slice_equal(method, SLICE("HEAD"));
}

/* "null" (a page without an origin of its own) is nobody's. */
static bool origin_ours(struct req *rq)
{
    size_t count;
    struct slice given = req_field(rq, SLICE("Origin"), &count);
    if (count == 0) return true;
    struct slice own = origin_of(own_base(rq));
    return count == 1 && slice_present(own) && slice_equal_nocase(given, own);
}

/* Fetch Metadata: "none" is somebody typing an address. */
static bool site_ours(const struct req *rq)
{
    size_t count;
    struct slice site = req_field(rq, SLICE("Sec-Fetch-Site"), &count);
    if (count == 0) return true;
    return count == 1 &&
           (slice_equal(site, SLICE("same-origin")) || slice_equal(site, SLICE("none")));
}

bool own_page(struct req *rq)
{
    if (changes_nothing(rq->method)) return true;
    bool asked = slice_present(req_field(rq, SLICE("X-Agizo-Request"), NULL));
    return asked && origin_ours(rq) && site_ours(rq);
}

/* Absent, or this one word. */
static bool says_only(const struct req *rq, struct slice name, struct slice word)
{
    size_t count;
    struct slice value = req_field(rq, name, &count);
    return count == 0 || (count == 1 && slice_equal(value, word));
}

bool own_navigation(const struct req *rq)
{
    return says_only(rq, SLICE("Sec-Fetch-Mode"), SLICE("navigate")) &&
           says_only(rq, SLICE("Sec-Fetch-Dest"), SLICE("document"));
}
