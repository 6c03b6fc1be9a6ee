/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getrandom(2) behind a small buffer per thread, so that an identifier does not cost a system call.
 *
 * Bytes are wiped from the buffer as they leave it. Called from any thread.
 */
#include "core/random.h"

#include <string.h>
#include <sys/random.h>

#include "core/check.h"

/* getrandom() answers up to 256 bytes whole and uninterrupted (its manual page). */
#define POOL_SIZE 256

static void from_kernel(unsigned char *out, size_t len)
{
    while (len > 0) {
        size_t part = len < POOL_SIZE ? len : POOL_SIZE;
        check(getrandom(out, part, 0) == (ssize_t)part);
        out += part;
        len -= part;
    }
}

void random_fill(void *out, size_t len)
{
    static _Thread_local unsigned char pool[POOL_SIZE];
    static _Thread_local size_t left;
    if (len > POOL_SIZE / 4) {
        from_kernel(out, len);
        return;
    }
    if (left < len) {
        from_kernel(pool, POOL_SIZE);
        left = POOL_SIZE;
    }
    left -= len;
    memcpy(out, pool + left, len);
    memset(pool + left, 0, len);
}

uint64_t random_below(uint64_t bound)
{
    uint64_t value;
    /* Values above the last whole multiple of `bound` would favour the small ones. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    do {
        random_fill(&value, sizeof(value));
    } while (value >= limit);
    return value % bound;
}
