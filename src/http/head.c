/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of the head on top of libmicrohttpd's own.
 *
 * libmicrohttpd 0.9.75 lets these through even with MHD_OPTION_STRICT_FOR_CLIENT (probed), so they are refused here, before any
 * byte of a body is read: Content-Length with Transfer-Encoding, either of them or Host repeated, Transfer-Encoding in HTTP/1.0 or
 * other than `chunked`, a Content-Length that is not plain digits, control characters in values, empty names, a Host that is none, NULs
 * in the request line and in field lines. One gap is left: a NUL and a bare LF in place of CRLF look like CRLF afterwards.
 *
 * Called once per request on the worker's thread; field texts are borrowed from libmicrohttpd, which keeps them as long as the request.
 */
#include "http/head.h"

#include <microhttpd.h>

#include "core/charset.h"

struct reading {
    struct req *rq;
    size_t size;
    bool malformed;
};

/* RFC 9110 §5.6.2 */
static const struct charset token_characters = {
    CHARSET_DIGITS | CHARSET_BIT('!') | CHARSET_BIT('#') | CHARSET_BIT('$') | CHARSET_BIT('%') |
        CHARSET_BIT('&') | CHARSET_BIT('\'') | CHARSET_BIT('*') | CHARSET_BIT('+') |
        CHARSET_BIT('-') | CHARSET_BIT('.'),
    CHARSET_LETTERS | CHARSET_BIT('^') | CHARSET_BIT('_') | CHARSET_BIT('`') | CHARSET_BIT('|') |
        CHARSET_BIT('~'),
};
static const struct charset host_characters = {
    CHARSET_DIGITS | CHARSET_BIT('-') | CHARSET_BIT('.') | CHARSET_BIT('%') | CHARSET_BIT(':'),
    CHARSET_LETTERS | CHARSET_BIT('_') | CHARSET_BIT('~') | CHARSET_BIT('[') | CHARSET_BIT(']'),
};

static bool all_of(const struct charset *set, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!charset_has(set, text.ptr[i])) return false;
    }
    return true;
}

/* Behind the empty line, where the body begins; NULL when MHD does not tell. */
static const char *head_end(const struct req *rq)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? rq->method.ptr + info->header_size : NULL;
}

/* True when the head stood in MHD's buffer as RFC 9112 §2.2, §3, §5 ask: a request line with single spaces and field lines, one behind
 * the other, each ended by CRLF, and the empty line. MHD parses the head where it was read and ends each text with NULs in place of the
 * space, the colon and the line end, taking the first NUL for the end of a text and joining obs-fold elsewhere; so a NUL, a bare CR or
 * LF, a fold and a line that was dropped all show as a gap here. From 1.0 on MHD refuses these itself and owes us no such layout. */
static bool lines_in_place(const struct req *rq)
{
    if (!slice_starts(slice_of(MHD_get_version()), SLICE("0."))) return true;
    if (rq->version.ptr != rq->method.ptr + rq->method.len + 1 + rq->target.len + 1) return false;
    const char *expected = rq->version.ptr + rq->version.len + 2;
    for (size_t i = 0; i < rq->field_count; i++) {
        const struct field *field = &rq->fields[i];
        if (field->name.ptr != expected) return false;
        expected = field->value.ptr + field->value.len + 2;
    }
    return head_end(rq) == expected + 2;
}

static bool is_token(struct slice name)
{
    return name.len > 0 && all_of(&token_characters, name);
}

static enum MHD_Result read_field(void *context, enum MHD_ValueKind kind, const char *name,
    size_t name_len, const char *value, size_t value_len)
{
    struct reading *reading = context;
    struct req *rq = reading->rq;
    struct field field = {{name, name_len}, {value ? value : "", value_len}};
    (void)kind;
    reading->size += name_len + value_len + 4;
    if (!is_token(field.name) || slice_has_control(field.value)) reading->malformed = true;
    rq->fields[rq->field_count++] = field;
    return rq->field_count < HTTP_FIELDS_MAX ? MHD_YES : MHD_NO;
}

/* A name or an address and perhaps a port (RFC 9110 §7.2): no userinfo, path or list, and nothing a reader in front of us could cut
 * elsewhere. */
static bool host_plain(struct slice host)
{
    return all_of(&host_characters, host);
}

static enum err check_framing(const struct req *rq)
{
    size_t lengths, encodings, hosts;
    uint64_t length;
    struct slice content_length = req_field(rq, SLICE("Content-Length"), &lengths);
    struct slice encoding = req_field(rq, SLICE("Transfer-Encoding"), &encodings);
    struct slice host = slice_trim(req_field(rq, SLICE("Host"), &hosts));
    if (lengths > 1 || encodings > 1 || hosts > 1 || (lengths && encodings)) return ERR_MALFORMED;
    if (hosts == 0 && slice_equal(rq->version, SLICE("HTTP/1.1"))) return ERR_MALFORMED;
    if (!host_plain(host)) return ERR_MALFORMED;
    if (encodings && slice_equal(rq->version, SLICE("HTTP/1.0"))) return ERR_MALFORMED;
    if (encodings && !slice_equal_nocase(encoding, SLICE("chunked"))) return ERR_MALFORMED;
    if (lengths && !slice_to_u64(content_length, UINT64_MAX, &length)) return ERR_MALFORMED;
    return ERR_OK;
}

static enum err check_expectation(const struct req *rq)
{
    struct slice expect = req_field(rq, SLICE("Expect"), NULL);
    bool met = !slice_present(expect) || slice_equal_nocase(expect, SLICE("100-continue"));
    return met ? ERR_OK : ERR_EXPECTATION_FAILED;
}

uint64_t head_content_length(const struct req *rq)
{
    uint64_t length = 0;
    (void)slice_to_u64(req_field(rq, SLICE("Content-Length"), NULL), UINT64_MAX, &length);
    return length;
}

enum err head_read(struct req *rq)
{
    struct reading reading = {.rq = rq, .size = rq->target.len + rq->method.len};
    int count = MHD_get_connection_values_n(rq->mhd, MHD_HEADER_KIND, NULL, NULL);
    size_t kept = count < HTTP_FIELDS_MAX ? (size_t)count : HTTP_FIELDS_MAX;
    rq->fields = arena_alloc(&rq->arena, kept * sizeof(struct field));
    MHD_get_connection_values_n(rq->mhd, MHD_HEADER_KIND, read_field, &reading);
    if (rq->target.len > HTTP_TARGET_MAX) return ERR_TARGET_TOO_LONG;
    if (count > HTTP_FIELDS_MAX || reading.size > HTTP_HEAD_MAX) return ERR_HEAD_TOO_LARGE;
    if (reading.malformed || !lines_in_place(rq)) return ERR_MALFORMED;
    if (!slice_starts(rq->version, SLICE("HTTP/1."))) return ERR_VERSION_NOT_SUPPORTED;
    enum err err = check_framing(rq);
    if (!err && head_content_length(rq) > HTTP_BODY_MAX) err = ERR_TOO_LARGE;
    return err ? err : check_expectation(rq);
}
