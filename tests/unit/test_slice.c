/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing, cutting, trimming, and digits to numbers.
 */
#include "core/slice.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void absent_and_empty_differ(void **state)
{
    (void)state;
    assert_false(slice_present(slice_absent()));
    assert_false(slice_present(slice_of(NULL)));
    assert_true(slice_present(SLICE("")));
    assert_true(slice_equal(SLICE(""), slice_absent()));
}

static void compares_bytes(void **state)
{
    (void)state;
    assert_true(slice_equal(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
    assert_false(slice_equal(SLICE("a"), SLICE("ab")));
    assert_true(slice_starts(SLICE("abc"), SLICE("ab")));
    assert_true(slice_starts(slice_absent(), slice_absent()));
    assert_false(slice_starts(SLICE("a"), SLICE("ab")));
    assert_true(slice_equal_secret(SLICE("abc"), SLICE("abc")));
    assert_false(slice_equal_secret(SLICE("abc"), SLICE("abd")));
    assert_false(slice_equal_secret(SLICE("abc"), SLICE("ab")));
}

static void only_ascii_letters_lose_their_case(void **state)
{
    (void)state;
    assert_true(slice_equal_nocase(SLICE("Bearer"), SLICE("bEARER")));
    assert_false(slice_equal_nocase(SLICE("@"), SLICE("`")));
    assert_false(slice_equal_nocase(SLICE("["), SLICE("{")));
    assert_false(slice_equal_nocase(SLICE("\xc3\x89"), SLICE("\xc3\xa9")));
    assert_false(slice_equal_nocase(SLICE("a"), SLICE("ab")));
}

static void cuts_at_the_first_separator(void **state)
{
    struct slice rest = SLICE("a=b=");
    (void)state;
    assert_true(slice_equal(slice_cut(&rest, '='), SLICE("a")));
    assert_true(slice_equal(slice_cut(&rest, '='), SLICE("b")));
    assert_true(slice_present(rest) && rest.len == 0);
    assert_true(slice_equal(slice_cut(&rest, '='), SLICE("")));
    assert_false(slice_present(rest));
    assert_false(slice_present(slice_cut(&rest, '=')));
}

static void trims_space_and_tab(void **state)
{
    (void)state;
    assert_true(slice_equal(slice_trim(SLICE(" \t a b\t ")), SLICE("a b")));
    assert_int_equal(slice_trim(SLICE(" \t ")).len, 0);
    assert_true(slice_equal(slice_trim(SLICE("\n")), SLICE("\n")));
}

static void digits_become_numbers(void **state)
{
    uint64_t value = 5;
    (void)state;
    assert_true(slice_to_u64(SLICE("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    assert_false(slice_to_u64(SLICE("18446744073709551616"), UINT64_MAX, &value));
    assert_false(slice_to_u64(SLICE("99999999999999999999999"), UINT64_MAX, &value));
    assert_true(slice_to_u64(SLICE("007"), 7, &value));
    assert_int_equal(value, 7);
    assert_false(slice_to_u64(SLICE("8"), 7, &value));
    assert_false(slice_to_u64(SLICE(""), 7, &value));
    assert_false(slice_to_u64(SLICE("-1"), 7, &value));
    assert_false(slice_to_u64(SLICE("+1"), 7, &value));
    assert_false(slice_to_u64(SLICE(" 1"), 7, &value));
    assert_false(slice_to_u64(SLICE("1\0"), 7, &value));
}

/* Every byte at every place of a text longer than one word. */
static void finds_control_characters_anywhere(void **state)
{
    char text[21];
    (void)state;
    for (size_t at = 0; at < sizeof(text); at++) {
        for (int byte = 0; byte < 256; byte++) {
            memset(text, '\xff', sizeof(text));
            memset(text, '\t', sizeof(text) / 2);
            text[at] = (char)byte;
            bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
            assert_int_equal(slice_has_control((struct slice){text, sizeof(text)}), control);
        }
    }
    assert_false(slice_has_control(SLICE("")));
    assert_false(slice_has_control(SLICE("\x80\x9f ~!\t \x20")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_and_empty_differ),
        cmocka_unit_test(compares_bytes),
        cmocka_unit_test(only_ascii_letters_lose_their_case),
        cmocka_unit_test(cuts_at_the_first_separator),
        cmocka_unit_test(trims_space_and_tab),
        cmocka_unit_test(digits_become_numbers),
        cmocka_unit_test(finds_control_characters_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
