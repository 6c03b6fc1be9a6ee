/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slice functions that are too long for the header. Pure; called from any thread.
 */
#include "core/slice.h"

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    }
    return true;
}

struct slice slice_cut(struct slice *rest, char separator)
{
    struct slice whole = *rest;
    const char *at = whole.len ? memchr(whole.ptr, separator, whole.len) : NULL;
    if (!at) {
        *rest = slice_absent();
        return whole;
    }
    size_t head = (size_t)(at - whole.ptr);
    *rest = slice_skip(whole, head + 1);
    return (struct slice){whole.ptr, head};
}

struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) s = slice_skip(s, 1);
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) s.len--;
    return s;
}

bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return value <= max;
}

bool slice_equal_secret(struct slice a, struct slice b)
{
    unsigned char difference = 0;
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) difference |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
    return difference == 0;
}
