/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pace of claims. Times are made up.
 */
#include "sms/pace.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

/* Takes all it gets over the time given, looking each millisecond. */
static size_t take_over(struct pace *pace, size_t wanted, int64_t from_ms, int64_t for_ms)
{
    size_t taken = 0;
    for (int64_t now = from_ms; now < from_ms + for_ms; now++)
        taken += pace_take(pace, wanted, now);
    return taken;
}

static void without_a_limit_all_may_go(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, 0, 100, 0);
    assert_int_equal(pace_rate(&pace), 0);
    assert_int_equal(pace_take(&pace, 256, 0), 256);
    assert_int_equal(pace_take(&pace, 256, 0), 256);
    assert_int_equal(pace_wait_ms(&pace, 0), 0);
}

static void keeps_to_the_rate(void **state)
{
    static const int64_t rates[] = {1, 7, 50, 999, 2000, 10000};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
        struct pace pace;
        size_t rate = (size_t)rates[i], bucket = rate / 10 + 1;
        pace_init(&pace, rates[i], 0, 1000);
        size_t first = take_over(&pace, 256, 1000, 10000);
        assert_in_range(first, 10 * rate - bucket, 10 * rate + bucket);
        (void)take_over(&pace, 0, 11000, 60000); /* idle: no more than the bucket gathers */
        assert_true(take_over(&pace, 256, 71000, 1000) <= rate + bucket);
    }
}

static void takes_in_grains(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, 1000, 0, 0);
    assert_int_equal(pace_take(&pace, 64, 1), 0); /* 2 of the 20 that a fiftieth of a second has */
    assert_int_equal(pace_wait_ms(&pace, 1), 18);
    assert_int_equal(pace_wait_ms(&pace, 5), 14);
    assert_int_equal(pace_take(&pace, 64, 18), 0);
    assert_int_equal(pace_take(&pace, 64, 19), 20);
    assert_int_equal(pace_take(&pace, 3, 22), 3); /* all that is wanted */
    assert_int_equal(pace_take(&pace, 0, 23), 0);
}

static void what_was_not_sent_goes_back(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, 1, 0, 0);
    assert_int_equal(pace_take(&pace, 9, 0), 1);
    assert_int_equal(pace_take(&pace, 9, 10), 0);
    pace_return(&pace, 1);
    assert_int_equal(pace_take(&pace, 9, 10), 1);
}

static void after_a_stop_it_is_gentler(void **state)
{
    static const struct {
        int64_t rate, resume_rate, in_force;
    } rows[] = {{0, 20, 20}, {50, 20, 20}, {10, 20, 10}, {50, 0, 50}, {0, 0, 0}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pace pace;
        pace_init(&pace, rows[i].rate, rows[i].resume_rate, 0);
        assert_int_equal(pace_rate(&pace), rows[i].rate);
        pace_return(&pace, 1000); /* credit of a time without a limit */
        pace_resume(&pace);
        assert_int_equal(pace_rate(&pace), rows[i].in_force);
        if (rows[i].in_force) {
            size_t most = (size_t)rows[i].in_force + (size_t)rows[i].in_force / 10 + 1;
            assert_true(take_over(&pace, 256, 0, 1000) <= most);
        }
        pace_caught_up(&pace);
        assert_int_equal(pace_rate(&pace), rows[i].rate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit_all_may_go),
        cmocka_unit_test(keeps_to_the_rate),
        cmocka_unit_test(takes_in_grains),
        cmocka_unit_test(what_was_not_sent_goes_back),
        cmocka_unit_test(after_a_stop_it_is_gentler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
