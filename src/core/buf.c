/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The growing buffer: capacity doubles up to the maximum given at init.
 *
 * One owner at a time. Aborts when memory is out; past `max` it sets the mark and drops the append whole, so that a cut text is
 * never mistaken for a complete one.
 */
#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/check.h"

#define FIRST_CAPACITY 256

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_deinit(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){.max = buf->max};
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->over = false;
}

static void enlarge(struct buf *buf, size_t need)
{
    size_t cap = buf->cap ? buf->cap : FIRST_CAPACITY;
    while (cap < need) cap *= 2;
    if (cap > buf->max) cap = buf->max;
    buf->ptr = memory_resize(buf->ptr, cap + 1); /* one more for vsnprintf's NUL */
    buf->cap = cap;
}

char *buf_grow(struct buf *buf, size_t len)
{
    if (buf->over || len > buf->max - buf->len) {
        buf->over = true;
        return NULL;
    }
    if (len > buf->cap - buf->len) enlarge(buf, buf->len + len);
    return buf->ptr + buf->len;
}

void buf_put(struct buf *buf, struct slice bytes)
{
    if (bytes.len == 0) return;
    char *at = buf_reserve(buf, bytes.len);
    if (!at) return;
    memcpy(at, bytes.ptr, bytes.len);
    buf->len += bytes.len;
}

void buf_put_u64(struct buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_put(buf, (struct slice){digits + at, sizeof(digits) - at});
}

void buf_put_i64(struct buf *buf, int64_t value)
{
    if (value < 0) buf_put_char(buf, '-');
    buf_put_u64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    /* Most texts fit into what is there, and are formatted once. */
    size_t room = buf->cap ? buf->cap - buf->len + 1 : 0;
    va_start(args, format);
    int len = vsnprintf(room ? buf->ptr + buf->len : NULL, room, format, args);
    va_end(args);
    check(len >= 0);
    char *at = buf_reserve(buf, (size_t)len);
    if (!at) return;
    if ((size_t)len >= room) {
        va_start(args, format);
        vsnprintf(at, (size_t)len + 1, format, args);
        va_end(args);
    }
    buf->len += (size_t)len;
}
