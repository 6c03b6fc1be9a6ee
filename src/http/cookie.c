/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the Cookie fields and writing Set-Cookie fields. Worker's thread; texts live in the request.
 *
 * Cookies of others are skipped, whatever they are made of: what else runs under the same host name is not ours to judge.
 */
#include "http/cookie.h"

#include "core/charset.h"
#include "core/check.h"

#define ATTRIBUTES "Path=/; Secure; HttpOnly; SameSite=Lax"

static size_t find_in_field(struct slice field, struct slice name, struct slice *value)
{
    size_t count = 0;
    while (slice_present(field)) {
        struct slice rest = slice_trim(slice_cut(&field, ';'));
        struct slice own = slice_cut(&rest, '=');
        if (!slice_present(rest) || !slice_equal(own, name)) continue;
        if (!slice_present(*value)) *value = rest;
        count++;
    }
    return count;
}

/* HTTP/2 proxies may hand on several Cookie fields (RFC 9113 §8.2.3). */
size_t cookie_find(const struct req *rq, struct slice name, struct slice *value)
{
    size_t count = 0;
    *value = slice_absent();
    for (size_t i = 0; i < rq->field_count; i++) {
        if (!slice_equal_nocase(rq->fields[i].name, SLICE("Cookie"))) continue;
        count += find_in_field(rq->fields[i].value, name, value);
    }
    return count;
}

/* RFC 6265 §4.1.1 cookie-octet, but for the signs that nobody of ours needs. */
static const struct charset octets = {
    CHARSET_DIGITS | CHARSET_BIT('-') | CHARSET_BIT('.'),
    CHARSET_LETTERS | CHARSET_BIT('_') | CHARSET_BIT('~'),
};

void cookie_set(struct req *rq, struct slice name, struct slice value, int64_t seconds)
{
    for (size_t i = 0; i < value.len; i++) check(charset_has(&octets, value.ptr[i]));
    struct slice field =
        arena_format(&rq->arena, "%.*s=%.*s; " ATTRIBUTES, SLICE_ARG(name), SLICE_ARG(value));
    if (seconds > 0) {
        field =
            arena_format(&rq->arena, "%.*s; Max-Age=%lld", SLICE_ARG(field), (long long)seconds);
    }
    req_reply_field(rq, SLICE("Set-Cookie"), field);
}

void cookie_clear(struct req *rq, struct slice name)
{
    req_reply_field(rq, SLICE("Set-Cookie"),
        arena_format(&rq->arena, "%.*s=; " ATTRIBUTES "; Max-Age=0", SLICE_ARG(name)));
}
