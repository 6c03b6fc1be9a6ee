/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept tokens: they open for the person they were sealed for, and for nobody else.
 */
#include "auth/kept.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct seal seal = {.keys = {{1}}, .count = 1};
static const struct kept_owner amina = {{"https://id.example", 18}, {"amina", 5}};
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void come_back_whole(void **state)
{
    struct kept read;
    const struct kept kept = {SLICE("r\"\\~"), SLICE("a.b.c"), SLICE("n")};
    (void)state;
    struct slice sealed = kept_seal(&kept, &seal, amina, &arena);
    assert_null(memmem(sealed.ptr, sealed.len, "a.b.c", 5));
    assert_true(kept_open(&read, &seal, amina, sealed, &arena));
    assert_true(slice_equal(read.refresh_token, kept.refresh_token));
    assert_true(slice_equal(read.id_token, kept.id_token));
    assert_true(slice_equal(read.nonce, kept.nonce));
}

static void what_is_absent_stays_absent(void **state)
{
    struct kept read;
    const struct kept kept = {.id_token = SLICE("a.b.c")};
    (void)state;
    assert_true(kept_open(&read, &seal, amina, kept_seal(&kept, &seal, amina, &arena), &arena));
    assert_false(slice_present(read.refresh_token));
    assert_false(slice_present(read.nonce));
    assert_true(slice_equal(read.id_token, SLICE("a.b.c")));
}

/* Every character of the longest tokens may need an escape. */
static void the_longest_tokens_fit(void **state)
{
    struct kept read;
    static char token[KEPT_TOKEN_MAX];
    struct slice longest = {token, sizeof(token)};
    (void)state;
    memset(token, '"', sizeof(token));
    const struct kept kept = {longest, longest, SLICE("n")};
    assert_true(kept_open(&read, &seal, amina, kept_seal(&kept, &seal, amina, &arena), &arena));
    assert_true(slice_equal(read.refresh_token, longest));
}

static void open_for_nobody_else(void **state)
{
    static const struct kept_owner others[] = {
        {{"https://id.example", 18}, {"amin", 4}},
        {{"https://id.exampl", 17}, {"amina", 5}},
        {{"https://id.exampl", 17}, {"eamina", 6}},
        {{"https://id.example", 18}, {NULL, 0}},
    };
    struct kept read;
    const struct kept kept = {.refresh_token = SLICE("r")};
    (void)state;
    struct slice sealed = kept_seal(&kept, &seal, amina, &arena);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_false(kept_open(&read, &seal, others[i], sealed, &arena));
    }
    assert_false(kept_open(&read, &seal, amina, slice_absent(), &arena));
    assert_false(kept_open(&read, &seal, amina, slice_skip(sealed, 1), &arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_back_whole),
        cmocka_unit_test(what_is_absent_stays_absent),
        cmocka_unit_test(the_longest_tokens_fit),
        cmocka_unit_test(open_for_nobody_else),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
