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

struct reading {
    struct req *rq;
    size_t size;
    bool malformed;
};

static bool value_clean(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
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

/* RFC 9110 §5.6.2 */
static bool is_token(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c))) return false;
    }
    return name.len > 0;
}

static enum MHD_Result read_field(void *context, enum MHD_ValueKind kind, const char *name,
    size_t name_len, const char *value, size_t value_len)
{
    struct reading *reading = context;
    struct req *rq = reading->rq;
    struct field field = {{name, name_len}, {value ? value : "", value_len}};
    (void)kind;
    reading->size += name_len + value_len + 4;
    if (!is_token(field.name) || !value_clean(field.value)) reading->malformed = true;
    if (rq->field_count == HTTP_FIELDS_MAX) {
        rq->field_count++; /* one too many: seen by head_read() */
        return MHD_NO;
    }
    rq->fields[rq->field_count++] = field;
    return MHD_YES;
}

/* A name or an address and perhaps a port (RFC 9110 §7.2): no userinfo, path or list, and nothing a reader in front of us could cut
 * elsewhere. */
static bool host_plain(struct slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && !memchr("-._~%:[]", c, 8)) return false;
    }
    return true;
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
    rq->fields = arena_alloc(&rq->arena, HTTP_FIELDS_MAX * sizeof(struct field));
    MHD_get_connection_values_n(rq->mhd, MHD_HEADER_KIND, read_field, &reading);
    if (rq->target.len > HTTP_TARGET_MAX) return ERR_TARGET_TOO_LONG;
    if (rq->field_count > HTTP_FIELDS_MAX) {
        rq->field_count = HTTP_FIELDS_MAX;
        return ERR_HEAD_TOO_LARGE;
    }
    if (reading.size > HTTP_HEAD_MAX) return ERR_HEAD_TOO_LARGE;
    if (reading.malformed || !lines_in_place(rq)) return ERR_MALFORMED;
    if (!slice_starts(rq->version, SLICE("HTTP/1."))) return ERR_VERSION_NOT_SUPPORTED;
    enum err err = check_framing(rq);
    if (!err && head_content_length(rq) > HTTP_BODY_MAX) err = ERR_TOO_LARGE;
    return err ? err : check_expectation(rq);
}
