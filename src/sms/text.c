/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMS alphabets and parts.
 *
 * A text goes as GSM-7 when each of its characters is in that alphabet, else all of it as UCS-2. A single part holds 160 septets or
 * 70 units; each part of several 153 or 67, since 6 bytes go to the header that joins them. A character of two septets (ESC pair) or two
 * units (surrogate pair) is never split over parts, so parts are filled greedily: the plain quotient can be one too low.
 *
 * Pure; any thread. Texts are valid UTF-8 by contract. Limits: the national language tables of TS 23.038 are not used.
 */
#include "sms/text.h"

#include "core/check.h"

/* Not ASCII and in the basic alphabet: one septet. In order of code points. */
static const uint16_t gsm_basic[] = {0xa1, 0xa3, 0xa4, 0xa5, 0xa7, 0xbf, 0xc4, 0xc5, 0xc6, 0xc7,
    0xc9, 0xd1, 0xd6, 0xd8, 0xdc, 0xdf, 0xe0, 0xe4, 0xe5, 0xe6, 0xe8, 0xe9, 0xec, 0xf1, 0xf2, 0xf6,
    0xf8, 0xf9, 0xfc, 0x393, 0x394, 0x398, 0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9};
/* Behind ESC: two septets. The euro sign, not being ASCII, is asked for apart. */
static const char gsm_extension[] = "\f^{}\\[]~|";
#define EURO 0x20ac

static const struct limits {
    size_t single, part;
} limits[] = {[MESSAGE_GSM7] = {160, 153}, [MESSAGE_UCS2] = {70, 67}};

/* What stands for a character that is not in the alphabet; each list ends at 0. */
static const struct likeness {
    const char *put;
    uint32_t instead_of[6];
} likenesses[] = {
    {"'", {'`', 0x2018, 0x2019, 0x201a}},            /* single quotes */
    {"\"", {0x201c, 0x201d, 0x201e}},                /* double quotes */
    {"-", {0x2010, 0x2011, 0x2013, 0x2014, 0x2022}}, /* hyphens, dashes, bullet */
    {" ", {'\t', 0xa0, 0x202f}},                     /* tab, no-break spaces */
    {"...", {0x2026}},                               /* ellipsis */
    {"c", {0xe7}},                                   /* the alphabet has only the capital cedilla */
    {"e", {0xea}},                                   /* e with circumflex */
};

/* Takes one character off the front. Bytes that are no UTF-8 give some character, never a read past the end. */
static uint32_t take_char(struct slice *text)
{
    unsigned char first = (unsigned char)text->ptr[0];
    size_t len = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t c = len == 1 ? first : first & (0x7fu >> len);
    if (len > text->len) len = text->len;
    for (size_t i = 1; i < len; i++) c = c << 6 | ((unsigned char)text->ptr[i] & 0x3f);
    *text = slice_skip(*text, len);
    return c;
}

/* Septets of a character; 0 when it is not in the alphabet. */
static size_t septets_of(uint32_t c)
{
    if (c < 0x80) {
        if (c != 0 && strchr(gsm_extension, (int)c)) return 2;
        return (c >= ' ' && c < 0x7f && c != '`') || c == '\n' || c == '\r';
    }
    for (size_t i = 0; i < ARRAY_LEN(gsm_basic); i++) {
        if (gsm_basic[i] == c) return 1;
    }
    return c == EURO ? 2 : 0;
}

static size_t units_of(uint32_t c)
{
    return c > 0xffff ? 2 : 1;
}

static enum message_encoding encoding_of(struct slice text)
{
    while (text.len > 0) {
        if (septets_of(take_char(&text)) == 0) return MESSAGE_UCS2;
    }
    return MESSAGE_GSM7;
}

struct text_size text_measure(struct slice text)
{
    struct text_size size = {.encoding = encoding_of(text), .parts = 1};
    const struct limits *limit = &limits[size.encoding];
    size_t filled = 0; /* of the part being filled, should there be several */
    while (text.len > 0) {
        uint32_t c = take_char(&text);
        size_t cost = size.encoding == MESSAGE_GSM7 ? septets_of(c) : units_of(c);
        size.units += cost;
        if (filled + cost > limit->part) {
            size.parts++;
            filled = 0;
        }
        filled += cost;
    }
    if (size.units <= limit->single) size.parts = 1;
    return size;
}

struct slice text_head(struct slice text, size_t count)
{
    struct slice rest = text;
    while (rest.len > 0 && count-- > 0) take_char(&rest);
    return (struct slice){text.ptr, text.len - rest.len};
}

static bool stands_for(const struct likeness *likeness, uint32_t c)
{
    for (size_t i = 0; likeness->instead_of[i]; i++) {
        if (likeness->instead_of[i] == c) return true;
    }
    return false;
}

static struct slice likeness_of(uint32_t c, struct slice itself)
{
    for (size_t i = 0; i < ARRAY_LEN(likenesses); i++) {
        if (stands_for(&likenesses[i], c)) return slice_of(likenesses[i].put);
    }
    return itself;
}

struct slice text_plain(struct arena *arena, struct slice text)
{
    /* The ellipsis is the longest likeness: three bytes for three. The others shrink or stay. */
    char *plain = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    while (text.len > 0) {
        struct slice itself = text;
        uint32_t c = take_char(&text);
        itself.len -= text.len;
        struct slice put = likeness_of(c, itself);
        memcpy(plain + len, put.ptr, put.len);
        len += put.len;
    }
    return (struct slice){plain, len};
}
