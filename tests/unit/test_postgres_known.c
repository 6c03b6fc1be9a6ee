/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The customers that a link remembers: found by code without case, replaced, forgotten, pushed out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/check.h"
#include "store/postgres/known.h"

static struct customer customer_of(const char *code, int64_t version)
{
    return (struct customer){
        .code = slice_of(code), .name = SLICE("Name"), .phone = slice_absent(), .version = version};
}

static int set_up(void **state)
{
    *state = known_new();
    return 0;
}

static int tear_down(void **state)
{
    known_free(*state);
    return 0;
}

static void finds_what_was_put_without_case(void **state)
{
    struct known *known = *state;
    char code[] = "Shop-1";
    struct customer row = customer_of(code, 7);
    assert_null(known_find(known, SLICE("Shop-1")));
    known_put(known, &row);
    code[0] = 'X'; /* its texts are its own */
    const struct customer *found = known_find(known, SLICE("sHOP-1"));
    assert_non_null(found);
    assert_true(slice_equal(found->code, SLICE("Shop-1")));
    assert_true(slice_equal(found->name, SLICE("Name")));
    assert_false(slice_present(found->phone));
    assert_int_equal(found->version, 7);
    assert_null(known_find(known, SLICE("Shop-2")));
}

static void the_last_one_counts(void **state)
{
    struct known *known = *state;
    struct customer old = customer_of("C1", 1), new = customer_of("c1", 2);
    known_put(known, &old);
    known_put(known, &new);
    assert_int_equal(known_find(known, SLICE("C1"))->version, 2);
    known_forget(known, SLICE("C1"));
    assert_null(known_find(known, SLICE("c1")));
    known_forget(known, SLICE("C1"));
}

/* More than there is room for: the last is always there, and memory stays bounded (the sanitizers' run sees to the rest). */
static void older_ones_make_room(void **state)
{
    struct known *known = *state;
    size_t kept = 0;
    char code[16];
    for (int i = 0; i < 20000; i++) {
        snprintf(code, sizeof(code), "C%d", i);
        struct customer row = customer_of(code, i + 1);
        known_put(known, &row);
        assert_int_equal(known_find(known, slice_of(code))->version, i + 1);
    }
    for (int i = 0; i < 20000; i++) {
        snprintf(code, sizeof(code), "C%d", i);
        kept += known_find(known, slice_of(code)) != NULL;
    }
    assert_in_range(kept, 7000, 8192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_what_was_put_without_case, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_one_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(older_ones_make_room, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
