/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariants, attributes and scoped release, for every part above.
 *
 * check() holds in production too: a broken invariant ends the process at once with the place, because going on would risk an
 * order. Out of memory is such a case (core/arena.c, core/buf.c); input limits keep it unreachable.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format, first) __attribute__((format(printf, format, first)))
/* Releases the variable with fn(&variable) when it leaves its scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
/* The struct of the given type that embeds `member` at `pointer`. */
#define CONTAINER_OF(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define check(condition)                                                                           \
    ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__, __func__))

/* Writes the place to stderr and aborts. */
_Noreturn void check_failed(const char *condition, const char *file, int line, const char *func);

/* malloc and friends that abort when memory is out; zeroed where the name says so. */
void *memory_zeroed(size_t size);
void *memory_resize(void *old, size_t size);
char *memory_text(const char *text);

/* For CLEANUP(memory_release) on a pointer from malloc. */
static inline void memory_release(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}
