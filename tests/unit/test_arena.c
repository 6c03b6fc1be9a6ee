/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation, alignment, the mark past the cap, and what a reset keeps.
 */
#include "core/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>

#include <cmocka.h>

static void memory_is_zeroed_and_aligned(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    for (int round = 0; round < 2; round++) {
        for (size_t size = 1; size < 3000; size += 7) {
            unsigned char *memory = arena_alloc(&arena, size);
            assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++) assert_int_equal(memory[i], 0);
            memset(memory, 0xff, size);
        }
        arena_reset(&arena);
        assert_int_equal(arena.used, 0);
    }
    arena_deinit(&arena);
}

static void past_the_cap_it_still_answers(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 1000);
    arena_alloc(&arena, 900);
    assert_false(arena_over(&arena));
    memset(arena_alloc(&arena, 100000), 1, 100000);
    assert_true(arena_over(&arena));
    arena_reset(&arena);
    assert_false(arena_over(&arena));
    arena_deinit(&arena);
}

static void a_reset_keeps_the_first_block(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    const void *first = arena_alloc(&arena, 16);
    arena_alloc(&arena, 100000);
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 16), first);
    arena_deinit(&arena);
    arena_deinit(&arena);
}

static void copies_end_with_nul(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    struct slice copy = arena_copy(&arena, SLICE("a\0b"));
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 4);
    assert_false(slice_present(arena_copy(&arena, slice_absent())));
    assert_true(slice_present(arena_copy(&arena, SLICE(""))));
    arena_deinit(&arena);
}

static void formats_like_printf(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    struct slice text = arena_format(&arena, "%s-%d", "order", 7);
    assert_int_equal(text.len, 7);
    assert_string_equal(text.ptr, "order-7");
    text = arena_format(&arena, "%5000s", "x");
    assert_int_equal(text.len, 5000);
    arena_deinit(&arena);
}

/* Lengths around what is left of a block, with a neighbour on either side that must stay as it is. */
static void formats_up_to_the_last_byte_of_a_block(void **state)
{
    (void)state;
    for (int len = 0; len < 64; len++) {
        struct arena arena;
        arena_init(&arena, 1 << 20);
        memset(arena_alloc(&arena, 4096 - 32), 'a', 4096 - 32);
        struct slice text = arena_format(&arena, "%0*d", len, 0);
        memset(arena_alloc(&arena, 32), 'b', 32);
        assert_int_equal(text.len, len ? len : 1);
        assert_int_equal(strspn(text.ptr, "0"), text.len);
        assert_int_equal(text.ptr[text.len], '\0');
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(past_the_cap_it_still_answers),
        cmocka_unit_test(a_reset_keeps_the_first_block),
        cmocka_unit_test(copies_end_with_nul),
        cmocka_unit_test(formats_like_printf),
        cmocka_unit_test(formats_up_to_the_last_byte_of_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
