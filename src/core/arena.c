/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bump allocation in blocks that double from BLOCK_MIN.
 *
 * Blocks hang in a list, newest first. arena_reset() frees all but the oldest, so a reused request takes no memory from malloc
 * on its steady path. Owned by one thread at a time; aborts when memory is out (see core/check.h).
 */
#include "core/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/check.h"

/* A typical request fits into one block. */
#define BLOCK_MIN 4096

struct arena_block {
    struct arena_block *older;
    size_t size, used;
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena, size_t cap)
{
    *arena = (struct arena){.cap = cap};
}

void arena_deinit(struct arena *arena)
{
    while (arena->block) {
        struct arena_block *older = arena->block->older;
        free(arena->block);
        arena->block = older;
    }
    arena->used = 0;
}

void arena_reset(struct arena *arena)
{
    while (arena->block && arena->block->older) {
        struct arena_block *older = arena->block->older;
        free(arena->block);
        arena->block = older;
    }
    if (arena->block) arena->block->used = 0;
    arena->used = 0;
}

static void add_block(struct arena *arena, size_t size)
{
    size_t want = arena->block ? arena->block->size * 2 : BLOCK_MIN;
    if (want < size) want = size;
    struct arena_block *block = memory_resize(NULL, sizeof(*block) + want);
    *block = (struct arena_block){.older = arena->block, .size = want};
    arena->block = block;
}

/* Aligned, not zeroed. */
static char *take(struct arena *arena, size_t size)
{
    check(size < SIZE_MAX / 4);
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!arena->block || arena->block->size - arena->block->used < size) add_block(arena, size);
    char *at = arena->block->bytes + arena->block->used;
    arena->block->used += size;
    arena->used += size;
    return at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

struct slice arena_copy(struct arena *arena, struct slice source)
{
    if (!slice_present(source)) return source;
    char *copy = take(arena, source.len + 1);
    memcpy(copy, source.ptr, source.len);
    copy[source.len] = '\0';
    return (struct slice){copy, source.len};
}

struct slice arena_uuid(struct arena *arena, struct uuid id)
{
    char *text = take(arena, UUID_TEXT_LEN + 1);
    uuid_format(id, text);
    text[UUID_TEXT_LEN] = '\0';
    return (struct slice){text, UUID_TEXT_LEN};
}

struct slice arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    check(format != NULL); /* gcc's sanitizers see a path without one, and warn */
    /* Written where take() will find room: most texts fit into the block and are formatted once. */
    size_t room = arena->block ? arena->block->size - arena->block->used : 0;
    va_start(args, format);
    int len = vsnprintf(room ? arena->block->bytes + arena->block->used : NULL, room, format, args);
    va_end(args);
    check(len >= 0);
    char *text = take(arena, (size_t)len + 1);
    if ((size_t)len >= room) {
        va_start(args, format);
        vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
    }
    return (struct slice){text, (size_t)len};
}
