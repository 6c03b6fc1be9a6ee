/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching character by character over the table: a row that does not fit shows so early, and with a few dozen rows a scan is as
 * fast as a tree and needs no state.
 *
 * A `{name}` takes any one non-empty segment. Pure but for the request; worker's thread.
 */
#include "http/router.h"

/* Methods that HTTP defines but no route has are known, and so 405, not 501. */
static const char *const known_methods[] = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};

static bool known_method(struct slice method)
{
    for (size_t i = 0; i < ARRAY_LEN(known_methods); i++) {
        if (slice_equal(slice_of(known_methods[i]), method)) return true;
    }
    return false;
}

static bool path_matches(const char *pattern, struct slice path, struct slice *arguments)
{
    const char *at = path.ptr, *end = path.ptr + path.len;
    for (; *pattern; pattern++) {
        if (*pattern == '{') {
            const char *from = at;
            while (at < end && *at != '/') at++;
            if (at == from) return false;
            *arguments++ = (struct slice){from, (size_t)(at - from)};
            while (*pattern != '}') pattern++;
        } else if (at == end || *at++ != *pattern) {
            return false;
        }
    }
    return at == end;
}

static bool method_matches(const struct route *route, struct slice method)
{
    struct slice own = slice_of(route->method);
    return slice_equal(own, method) ||
           (!route->visit && slice_equal(method, SLICE("HEAD")) && slice_equal(own, SLICE("GET")));
}

static void append_allowed(struct arena *arena, struct slice *allow, const struct route *route)
{
    const char *comma = allow->len > 0 ? ", " : "";
    const char *head = strcmp(route->method, "GET") == 0 && !route->visit ? ", HEAD" : "";
    *allow = arena_format(arena, "%.*s%s%s%s", SLICE_ARG(*allow), comma, route->method, head);
}

enum err router_match(struct req *rq, const struct route_table *table)
{
    struct slice allow = slice_absent();
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        if (!path_matches(route->path, rq->path, rq->arguments)) continue;
        if (method_matches(route, rq->method)) {
            rq->route = route;
            return ERR_OK;
        }
        append_allowed(&rq->arena, &allow, route);
    }
    if (!known_method(rq->method)) return ERR_NOT_IMPLEMENTED;
    if (!slice_present(allow)) return ERR_NOT_FOUND;
    req_reply_field(rq, SLICE("Allow"), allow);
    return ERR_METHOD_NOT_ALLOWED;
}

/* Wherever it stands, and however it is written: the one who has the address wrong has the secret right. */
struct slice router_shown_path(struct slice path, const struct route_table *table)
{
    struct slice mark = table->secret_behind ? slice_of(table->secret_behind) : slice_absent();
    if (!slice_present(mark)) return path;
    for (size_t at = 0; at + mark.len <= path.len; at++) {
        struct slice here = {path.ptr + at, mark.len};
        if (slice_equal_nocase(here, mark)) return (struct slice){path.ptr, at + mark.len};
    }
    return path;
}
