/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of the process when an invariant breaks or memory is out.
 *
 * Uses only write(2)-backed stderr and abort(): nothing here allocates. Called from any thread.
 */
#include "core/check.h"

#include <stdio.h>
#include <string.h>

_Noreturn void check_failed(const char *condition, const char *file, int line, const char *func)
{
    fprintf(stderr,
        "{\"level\":\"fatal\",\"event\":\"check.failed\",\"check\":\"%s\",\"at\":\"%s:%d\","
        "\"in\":\"%s\"}\n",
        condition, file, line, func);
    abort();
}

void *memory_zeroed(size_t size)
{
    void *memory = calloc(1, size);
    check(memory != NULL);
    return memory;
}

void *memory_resize(void *old, size_t size)
{
    void *memory = realloc(old, size);
    check(memory != NULL);
    return memory;
}

char *memory_text(const char *text)
{
    char *copy = strdup(text);
    check(copy != NULL);
    return copy;
}
