/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A borrowed run of bytes: pointer and length travel together.
 *
 * A slice never owns its bytes and is not NUL-terminated unless its maker says so. The empty slice may have a NULL pointer;
 * "absent" is spelled with slice_absent() (NULL pointer), so that an empty text and no text can differ.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

/* A slice over a string literal. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})
/* For printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

static inline struct slice slice_absent(void)
{
    return (struct slice){NULL, 0};
}

static inline bool slice_present(struct slice s)
{
    return s.ptr != NULL;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline struct slice slice_skip(struct slice s, size_t count)
{
    return (struct slice){s.ptr + count, s.len - count};
}

/* For slice_equal_nocase(), of two texts of one length. */
bool slice_same_letters(const char *a, const char *b, size_t len);

/* ASCII letters compare without case; all other bytes exactly. */
static inline bool slice_equal_nocase(struct slice a, struct slice b)
{
    return a.len == b.len && slice_same_letters(a.ptr, b.ptr, a.len);
}

/* Cuts `rest` at the first `separator`: the part before it is returned, `rest` becomes what follows it (absent at the end). */
struct slice slice_cut(struct slice *rest, char separator);
/* Without leading and trailing space and tab. */
struct slice slice_trim(struct slice s);
/* True when a control character other than tab is in it (RFC 9110 §5.5): 0x00 to 0x1f, and 0x7f. */
bool slice_has_control(struct slice s);
/* Reads all of `s` as plain decimal digits, no sign; false when empty, not digits, or above `max`. */
bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out);
/* Equal in constant time for equal lengths: for secrets. */
bool slice_equal_secret(struct slice a, struct slice b);
