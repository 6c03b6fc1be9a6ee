/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict JSON in front of jansson, and the escaping of texts on the way out.
 *
 * jansson recurses by nesting and reads numbers into doubles. So one scan over the raw text comes first: it counts brackets outside
 * of texts (a million of them cost a millisecond and no stack) and notes number tokens that a double or a 64-bit integer could not
 * hold exactly as written. Grammar, UTF-8 and duplicate members are jansson's business. Pure; any thread.
 */
#include "core/json.h"

#include <limits.h>

/* A decimal of this many significant digits survives the way through a double (DBL_DIG). */
#define EXACT_DIGITS 15
/* Within both bounds a real is far from where doubles end, above and below; jansson lets a number that is too small become 0. */
#define REAL_LEN_MAX 64
#define EXPONENT_MAX 200

struct scan {
    struct slice rest;
    int depth;
    bool exponent, inexact; /* a number like this was seen */
    const char *fault;
};

/* Skips a string whose opening quote has been passed. An open string is left for jansson to refuse. */
static void skip_string(struct scan *scan)
{
    while (scan->rest.len > 0) {
        char c = scan->rest.ptr[0];
        scan->rest = slice_skip(scan->rest, c == '\\' && scan->rest.len > 1 ? 2 : 1);
        if (c == '"') return;
    }
}

static bool number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

static bool integer_fits(struct slice token)
{
    uint64_t value;
    bool negative = token.ptr[0] == '-';
    uint64_t most = (uint64_t)INT64_MAX + negative;
    return slice_to_u64(negative ? slice_skip(token, 1) : token, most, &value);
}

/* Whether a real of few enough digits is also within the range of doubles. */
static bool real_fits(struct slice token)
{
    uint64_t exponent = 0;
    struct slice rest = token;
    while (rest.len > 0 && rest.ptr[0] != 'e' && rest.ptr[0] != 'E') rest = slice_skip(rest, 1);
    if (rest.len == 0) return token.len <= REAL_LEN_MAX;
    rest = slice_skip(rest, 1);
    if (rest.len > 0 && (rest.ptr[0] == '+' || rest.ptr[0] == '-')) rest = slice_skip(rest, 1);
    return token.len <= REAL_LEN_MAX && slice_to_u64(rest, EXPONENT_MAX, &exponent);
}

static void check_number(struct scan *scan)
{
    struct slice token = {scan->rest.ptr, 0};
    int digits = 0;
    bool real = false;
    while (token.len < scan->rest.len && number_char(scan->rest.ptr[token.len])) {
        char c = token.ptr[token.len++];
        if (c >= '0' && c <= '9' && (digits > 0 || c != '0')) digits++;
        if (c == 'e' || c == 'E') scan->exponent = true;
        if (c == '.' || c == 'e' || c == 'E') real = true;
    }
    scan->rest = slice_skip(scan->rest, token.len);
    bool exact = real ? digits <= EXACT_DIGITS && real_fits(token)
                      : digits <= EXACT_DIGITS || integer_fits(token);
    if (!exact) scan->inexact = true;
}

static void scan_one(struct scan *scan, int depth_max)
{
    char c = scan->rest.ptr[0];
    if ((c >= '0' && c <= '9') || c == '-') {
        check_number(scan);
        return;
    }
    scan->rest = slice_skip(scan->rest, 1);
    if (c == '"') {
        skip_string(scan);
    } else if (c == '[' || c == '{') {
        if (++scan->depth > depth_max) scan->fault = "the value is nested too deeply";
    } else if (c == ']' || c == '}') {
        scan->depth--;
    }
}

static struct scan scan_text(struct slice text, int depth_max)
{
    struct scan scan = {.rest = text};
    while (scan.rest.len > 0 && !scan.fault) scan_one(&scan, depth_max);
    return scan;
}

bool json_has_exponent(struct slice text)
{
    struct scan scan = {.rest = text};
    while (scan.rest.len > 0 && !scan.exponent) scan_one(&scan, INT_MAX);
    return scan.exponent;
}

static const char *fault_text(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_invalid_utf8: return "the text is not valid UTF-8";
    case json_error_duplicate_key: return "a member name stands twice";
    case json_error_null_byte_in_key:
    case json_error_null_character: return "a text holds a NUL character";
    case json_error_premature_end_of_input: return "the text ends too early";
    case json_error_end_of_input_expected: return "something follows the value";
    case json_error_numeric_overflow: return "a number is out of range";
    default: return "the text is not JSON";
    }
}

static json_t *decode(struct slice text, const struct scan *scan, const char **fault)
{
    json_error_t error;
    *fault = text.len == 0 ? "there is no JSON text" : scan->fault;
    if (*fault) return NULL;
    json_t *value =
        json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!value) *fault = fault_text(&error);
    return value;
}

json_t *json_decode(struct slice text, int depth_max, const char **fault)
{
    struct scan scan = scan_text(text, depth_max);
    return decode(text, &scan, fault);
}

json_t *json_decode_exact(struct slice text, int depth_max, const char **fault)
{
    struct scan scan = scan_text(text, depth_max);
    if (scan.inexact) scan.fault = "a number has more digits than can be kept exactly";
    return decode(text, &scan, fault);
}

static bool stands_as_it_is(unsigned char c)
{
    return c >= ' ' && c != '"' && c != '\\' && c != 0x7f;
}

static void put_escaped(struct buf *buf, char c)
{
    static const char letters[] = "\"\\nrt", escaped[] = "\"\\\n\r\t";
    const char *at = memchr(escaped, c, sizeof(escaped) - 1);
    if (!at) {
        buf_printf(buf, "\\u%04x", (unsigned char)c);
        return;
    }
    buf_put_char(buf, '\\');
    buf_put_char(buf, letters[at - escaped]);
}

void json_put_text(struct buf *buf, struct slice text)
{
    size_t plain = 0; /* start of the run not yet written */
    buf_put_char(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (stands_as_it_is((unsigned char)text.ptr[i])) continue;
        buf_put(buf, (struct slice){text.ptr + plain, i - plain});
        put_escaped(buf, text.ptr[i]);
        plain = i + 1;
    }
    if (text.len > plain) buf_put(buf, slice_skip(text, plain));
    buf_put_char(buf, '"');
}

size_t utf8_sequence(struct slice text)
{
    const unsigned char *at = (const unsigned char *)text.ptr;
    unsigned char low = 0x80, high = 0xbf;
    size_t len;
    if (at[0] < 0x80) return 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        len = 2;
    } else if ((at[0] & 0xf0) == 0xe0) {
        len = 3;
        if (at[0] == 0xe0) low = 0xa0;
        if (at[0] == 0xed) high = 0x9f;
    } else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
        len = 4;
        if (at[0] == 0xf0) low = 0x90;
        if (at[0] == 0xf4) high = 0x8f;
    } else {
        return 0;
    }
    if (text.len < len || at[1] < low || at[1] > high) return 0;
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    return len;
}

bool utf8_valid(struct slice text)
{
    while (text.len > 0) {
        size_t len = utf8_sequence(text);
        if (len == 0) return false;
        text = slice_skip(text, len);
    }
    return true;
}

size_t utf8_length(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}
