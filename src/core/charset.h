/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of ASCII characters: one bit each, so that asking costs no search. Bytes past ASCII and NUL are in none.
 *
 *   static const struct charset hex = {CHARSET_DIGITS, CHARSET_BIT('a') | CHARSET_BIT('b') | …};
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct charset {
    uint64_t low;  /* 1 to 63: digits and most signs */
    uint64_t high; /* 64 to 127: letters, and @ [ \ ] ^ _ ` { | } ~ */
};

#define CHARSET_BIT(c) (UINT64_C(1) << ((c)&63))
#define CHARSET_DIGITS (UINT64_C(0x3ff) << '0')
#define CHARSET_LETTERS (UINT64_C(0x3ffffff) << ('A' & 63) | UINT64_C(0x3ffffff) << ('a' & 63))

static inline bool charset_has(const struct charset *set, char c)
{
    unsigned char byte = (unsigned char)c;
    uint64_t half = byte < 64 ? set->low : set->high;
    return byte < 128 && (half >> (byte & 63) & 1);
}
