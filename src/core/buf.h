/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer with a maximum.
 *
 * Appends return nothing; past the maximum (or memory) nothing more is written and the mark is set: ask buf_ok() once at the end.
 */
#pragma once

#include "core/slice.h"

struct buf {
    char *ptr;
    size_t len, cap, max;
    bool over;
};

/* Takes no memory before the first append. `max` in bytes. */
void buf_init(struct buf *buf, size_t max);
void buf_deinit(struct buf *buf);
/* Empty again, memory kept. */
void buf_reset(struct buf *buf);
void buf_put(struct buf *buf, struct slice bytes);
void buf_put_u64(struct buf *buf, uint64_t value);
void buf_put_i64(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* buf_reserve() where the room is not there yet. */
char *buf_grow(struct buf *buf, size_t len);

/* Room for `len` more bytes, to be written by the caller and then counted with buf_added(); NULL when past the maximum. */
static inline char *buf_reserve(struct buf *buf, size_t len)
{
    bool fits = !buf->over && len <= buf->cap - buf->len;
    return fits ? buf->ptr + buf->len : buf_grow(buf, len);
}

static inline void buf_added(struct buf *buf, size_t len)
{
    buf->len += len;
}

static inline void buf_put_char(struct buf *buf, char c)
{
    char *at = buf_reserve(buf, 1);
    if (!at) return;
    *at = c;
    buf->len++;
}

static inline void buf_put_text(struct buf *buf, const char *text)
{
    buf_put(buf, slice_of(text));
}

static inline bool buf_ok(const struct buf *buf)
{
    return !buf->over;
}

static inline struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->ptr, buf->len};
}
