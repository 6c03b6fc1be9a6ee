/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing of the request target. The router, the permissions and the handlers all see the one decoded string made here.
 *
 * Pure but for the request's arena; worker's thread. `+` in the query is a space (the form encoding every client library writes).
 */
#include "http/target.h"

#include "core/charset.h"
#include "core/json.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Characters that stand for themselves in a target: RFC 3986 pchar, "/" and "?". */
static const struct charset plain = {
    CHARSET_DIGITS | CHARSET_BIT('-') | CHARSET_BIT('.') | CHARSET_BIT('!') | CHARSET_BIT('$') |
        CHARSET_BIT('&') | CHARSET_BIT('\'') | CHARSET_BIT('(') | CHARSET_BIT(')') |
        CHARSET_BIT('*') | CHARSET_BIT('+') | CHARSET_BIT(',') | CHARSET_BIT(';') |
        CHARSET_BIT('=') | CHARSET_BIT(':') | CHARSET_BIT('/') | CHARSET_BIT('?'),
    CHARSET_LETTERS | CHARSET_BIT('_') | CHARSET_BIT('~') | CHARSET_BIT('@'),
};

/* Decodes into the arena; false for what RFC 3986 does not allow, for NUL, and for bytes that are not UTF-8. */
static bool decode(struct arena *arena, struct slice text, bool plus_is_space, struct slice *out)
{
    char *decoded = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = text.len - i > 2 ? hex(text.ptr[i + 1]) : -1;
            int low = text.len - i > 2 ? hex(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0 || (high | low) == 0) return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (!charset_has(&plain, c)) {
            return false;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        decoded[len++] = c;
    }
    *out = (struct slice){decoded, len};
    return utf8_valid(*out);
}

static enum err parse_parameter(struct req *rq, struct slice pair)
{
    struct parameter parameter = {.value = SLICE("")};
    if (rq->parameter_count == HTTP_PARAMETERS_MAX) return ERR_UNKNOWN_PARAMETER;
    struct slice name = slice_cut(&pair, '=');
    if (!decode(&rq->arena, name, true, &parameter.name)) return ERR_MALFORMED;
    if (slice_present(pair) && !decode(&rq->arena, pair, true, &parameter.value)) {
        return ERR_MALFORMED;
    }
    if (slice_present(req_parameter(rq, parameter.name))) return ERR_BAD_PARAMETER;
    rq->parameters[rq->parameter_count++] = parameter;
    return ERR_OK;
}

static enum err parse_query(struct req *rq, struct slice query)
{
    rq->parameters = arena_alloc(&rq->arena, HTTP_PARAMETERS_MAX * sizeof(struct parameter));
    while (slice_present(query)) {
        struct slice pair = slice_cut(&query, '&');
        enum err err = pair.len > 0 ? parse_parameter(rq, pair) : ERR_OK;
        if (err) return err;
    }
    return ERR_OK;
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
    if (!decode(&rq->arena, path, false, &rq->path)) return ERR_MALFORMED;
    return slice_present(query) ? parse_query(rq, query) : ERR_OK;
}
