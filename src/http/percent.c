/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding of percent-encoded text. Pure but for the arena; any thread.
 */
#include "http/percent.h"

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

bool percent_decode(struct arena *arena, struct slice text, bool plus_is_space, struct slice *out)
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
    if (!utf8_valid((struct slice){decoded, len})) return false;
    *out = (struct slice){decoded, len};
    return true;
}
