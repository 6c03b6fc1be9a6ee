/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every test of the store begins with: a moment, an empty operation, the comparison of texts.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store_fixture.h"

#define NOW INT64_C(1767323045678) /* 2026-01-02T03:04:05.678Z */

#define assert_text(actual, expected) assert_slice((actual), slice_of(expected))

static void assert_slice(struct slice actual, struct slice expected)
{
    assert_int_equal(slice_present(actual), slice_present(expected));
    assert_int_equal(actual.len, expected.len);
    if (actual.len) assert_memory_equal(actual.ptr, expected.ptr, actual.len);
}

static void *make(struct fixture *fixture, enum store_verb verb, size_t size)
{
    struct arena *arena = fixture_arena(fixture);
    struct store_op *op = arena_alloc(arena, size);
    op->verb = verb;
    op->arena = arena;
    return op;
}
