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

bool slice_same_letters(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
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

static bool any_control(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return true;
    }
    return false;
}

/* Whether one of eight bytes is below 0x20 or is 0x7f. The subtraction borrows into the top bit of a byte that is below; the first
 * borrow is always a true one, so that the answer is exact. */
static bool control_among(uint64_t eight)
{
    const uint64_t each = UINT64_C(0x0101010101010101), top = each << 7;
    uint64_t from_delete = eight ^ each * 0x7f;
    uint64_t below_space = (eight - each * 0x20) & ~eight;
    return ((below_space | ((from_delete - each) & ~from_delete)) & top) != 0;
}

/* Bearer tokens have a thousand bytes, so eight are looked at in one go; a hit may still be a tab. */
bool slice_has_control(struct slice s)
{
    uint64_t eight;
    for (; s.len >= sizeof(eight); s = slice_skip(s, sizeof(eight))) {
        memcpy(&eight, s.ptr, sizeof(eight));
        if (control_among(eight) && any_control((struct slice){s.ptr, sizeof(eight)})) return true;
    }
    return any_control(s);
}

bool slice_equal_secret(struct slice a, struct slice b)
{
    unsigned char difference = 0;
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) difference |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
    return difference == 0;
}
