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

/* Septets of the characters of ASCII: two stand behind ESC, 0 is not in the alphabet. */
static const unsigned char gsm_ascii[0x80] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1, 0, 0, /* line feed, form feed, carriage return */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* controls */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* space to slash */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 0 to ? */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* @ to O */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 1, /* P to Z, [ \ ] ^ _ */
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* `, a to o */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 0, /* p to z, { | } ~ */
};
/* Not ASCII and in the basic alphabet: one septet. In order of code points. */
static const uint16_t gsm_basic[] = {0xa1, 0xa3, 0xa4, 0xa5, 0xa7, 0xbf, 0xc4, 0xc5, 0xc6, 0xc7,
    0xc9, 0xd1, 0xd6, 0xd8, 0xdc, 0xdf, 0xe0, 0xe4, 0xe5, 0xe6, 0xe8, 0xe9, 0xec, 0xf1, 0xf2, 0xf6,
    0xf8, 0xf9, 0xfc, 0x393, 0x394, 0x398, 0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9};
/* The only one behind ESC that is not ASCII. */
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

/* The character of several bytes at the front, and what follows it. By value, so that loops over ASCII keep their text in registers. */
static struct slice cut_wide(struct slice text, uint32_t *c)
{
    unsigned char first = (unsigned char)text.ptr[0];
    size_t len = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t bits = len == 1 ? first : first & (0x7fu >> len);
    if (len > text.len) len = text.len;
    for (size_t i = 1; i < len; i++) bits = bits << 6 | ((unsigned char)text.ptr[i] & 0x3f);
    *c = bits;
    return slice_skip(text, len);
}

/* Takes one character off the front. Bytes that are no UTF-8 give some character, never a read past the end. */
static inline uint32_t take_char(struct slice *text)
{
    uint32_t c = (unsigned char)text->ptr[0];
    *text = c < 0x80 ? slice_skip(*text, 1) : cut_wide(*text, &c);
    return c;
}

static size_t septets_beyond_ascii(uint32_t c)
{
    for (size_t i = 0; i < ARRAY_LEN(gsm_basic); i++) {
        if (gsm_basic[i] == c) return 1;
    }
    return c == EURO ? 2 : 0;
}

/* Septets of a character; 0 when it is not in the alphabet. */
static inline size_t septets_of(uint32_t c)
{
    return c < ARRAY_LEN(gsm_ascii) ? gsm_ascii[c] : septets_beyond_ascii(c);
}

static size_t units_of(uint32_t c)
{
    return c > 0xffff ? 2 : 1;
}

static size_t cost_of(uint32_t c, enum message_encoding encoding)
{
    return encoding == MESSAGE_GSM7 ? septets_of(c) : units_of(c);
}

/* Septets of the text; false when it needs UCS-2. */
static bool count_septets(struct slice text, size_t *septets)
{
    size_t sum = 0;
    while (text.len > 0) {
        size_t cost = septets_of(take_char(&text));
        if (cost == 0) return false;
        sum += cost;
    }
    *septets = sum;
    return true;
}

static size_t count_units(struct slice text)
{
    size_t units = 0;
    while (text.len > 0) units += units_of(take_char(&text));
    return units;
}

/* Parts of a text that is too long for a single one. */
static int count_parts(struct slice text, enum message_encoding encoding)
{
    size_t filled = 0;
    int parts = 1;
    while (text.len > 0) {
        size_t cost = cost_of(take_char(&text), encoding);
        if (filled + cost > limits[encoding].part) {
            parts++;
            filled = 0;
        }
        filled += cost;
    }
    return parts;
}

struct text_size text_measure(struct slice text)
{
    struct text_size size = {.encoding = MESSAGE_GSM7, .parts = 1};
    if (!count_septets(text, &size.units)) {
        size.encoding = MESSAGE_UCS2;
        size.units = count_units(text);
    }
    if (size.units > limits[size.encoding].single) size.parts = count_parts(text, size.encoding);
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
    size_t septets, len = 0;
    if (count_septets(text, &septets)) return text;
    /* The ellipsis is the longest likeness: three bytes for three. The others shrink or stay. */
    char *plain = arena_alloc(arena, text.len + 1);
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
