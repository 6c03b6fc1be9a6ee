/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes differ, and numbers below a bound are spread evenly.
 */
#include "core/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void every_byte_is_filled(void **state)
{
    static const size_t lengths[] = {1, 16, 63, 64, 65, 256, 257, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        unsigned char seen[1001] = {0}, bytes[1001];
        /* A byte that stays 0 sixty times over was not written. */
        for (int round = 0; round < 60; round++) {
            memset(bytes, 0, sizeof(bytes));
            random_fill(bytes, lengths[i]);
            for (size_t at = 0; at < sizeof(bytes); at++) seen[at] |= bytes[at];
        }
        for (size_t at = 0; at < lengths[i]; at++) assert_int_not_equal(seen[at], 0);
        assert_int_equal(seen[lengths[i]], 0);
    }
}

static void draws_do_not_repeat(void **state)
{
    uint64_t last = 0, next;
    (void)state;
    for (int i = 0; i < 10000; i++) {
        random_fill(&next, sizeof(next));
        assert_true(next != last);
        last = next;
    }
}

static void below_a_bound_is_even(void **state)
{
    int counts[10] = {0};
    (void)state;
    for (int i = 0; i < 100000; i++) counts[random_below(10)]++;
    /* Ten standard deviations. */
    for (int i = 0; i < 10; i++) assert_in_range(counts[i], 9000, 11000);
    assert_int_equal(random_below(1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_filled),
        cmocka_unit_test(draws_do_not_repeat),
        cmocka_unit_test(below_a_bound_is_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
