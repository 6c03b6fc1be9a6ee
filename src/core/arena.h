/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is released all at once: the lifetime of a request, a batch or a snapshot.
 *
 * Allocation never fails. Past the arena's cap it still answers, but sets a mark; the driver of the request asks arena_over() at
 * its next step and ends the request there. One thread at a time owns an arena; a waiting request lends its arena to the store.
 */
#pragma once

#include "core/slice.h"
#include "core/uuid.h"

struct arena_block;

struct arena {
    struct arena_block *block; /* newest first; the oldest one survives arena_reset() */
    size_t used;               /* bytes handed out since the last reset */
    size_t cap;
};

/* Starts empty; takes no memory before the first allocation. `cap` in bytes. */
void arena_init(struct arena *arena, size_t cap);
void arena_deinit(struct arena *arena);
/* Forgets everything, keeps the first block for the next use. */
void arena_reset(struct arena *arena);
/* `size` zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy with a NUL behind it (not counted in len). An absent slice stays absent. */
struct slice arena_copy(struct arena *arena, struct slice source);
/* Lower case. */
struct slice arena_uuid(struct arena *arena, struct uuid id);
/* printf into the arena; the result is NUL-terminated. */
struct slice arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline bool arena_over(const struct arena *arena)
{
    return arena->used > arena->cap;
}
