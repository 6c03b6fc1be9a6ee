/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UUIDv7: 48 bits of milliseconds, then a 12-bit counter within the millisecond, then 62 random bits.
 *
 * The counter (RFC 9562 §6.2 method 1) keeps one thread's identifiers in order, which keeps index inserts at the right edge.
 * When it overflows, or the clock steps back, the timestamp runs ahead of the clock by as much. Called from any thread.
 */
#include "core/uuid.h"

#include "core/check.h"
#include "core/clock.h"
#include "core/random.h"

#define COUNTER_MAX 0xfff

static void put_big_endian(uint8_t *at, int count, uint64_t value)
{
    for (int i = count - 1; i >= 0; i--, value >>= 8) at[i] = (uint8_t)value;
}

struct uuid uuid_new(void)
{
    static _Thread_local uint64_t last_ms;
    static _Thread_local unsigned counter;
    struct uuid id;
    uint64_t now = (uint64_t)clock_wall_ms();
    if (now > last_ms) {
        last_ms = now;
        counter = (unsigned)random_below(COUNTER_MAX / 2);
    } else if (++counter > COUNTER_MAX) {
        last_ms++;
        counter = 0;
    }
    random_fill(id.bytes + 8, 8);
    put_big_endian(id.bytes, 6, last_ms);
    put_big_endian(id.bytes + 6, 2, 0x7000u | counter);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    return id;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Where the two digits of each byte stand; the dashes are what is left out. */
static const uint8_t digits_at[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
static const uint8_t dashes_at[4] = {8, 13, 18, 23};

bool uuid_parse(struct slice text, struct uuid *out)
{
    if (text.len != UUID_TEXT_LEN) return false;
    for (size_t i = 0; i < ARRAY_LEN(dashes_at); i++) {
        if (text.ptr[dashes_at[i]] != '-') return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(digits_at); i++) {
        const char *at = text.ptr + digits_at[i];
        int high = hex_digit(at[0]), low = hex_digit(at[1]);
        if (high < 0 || low < 0) return false;
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void uuid_format(struct uuid id, char out[UUID_TEXT_LEN])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < ARRAY_LEN(dashes_at); i++) out[dashes_at[i]] = '-';
    for (size_t i = 0; i < ARRAY_LEN(digits_at); i++) {
        out[digits_at[i]] = digits[id.bytes[i] >> 4];
        out[digits_at[i] + 1] = digits[id.bytes[i] & 0xf];
    }
}

void buf_put_uuid(struct buf *buf, struct uuid id)
{
    char *at = buf_reserve(buf, UUID_TEXT_LEN);
    if (!at) return;
    uuid_format(id, at);
    buf_added(buf, UUID_TEXT_LEN);
}
