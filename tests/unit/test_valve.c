/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pauses, account stops and cautious resumption. Times are made up: the valve takes them as they are told.
 */
#include "sms/valve.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "obs/log.h"

#define LIMIT 32

static const struct verdict good = {.class = VERDICT_ACCEPTED, .retry_after_ms = -1};
static const struct verdict dead = {.class = VERDICT_PERMANENT, .retry_after_ms = -1};
static const struct verdict unclear = {.class = VERDICT_UNKNOWN, .retry_after_ms = -1};
static const struct verdict slow = {
    .class = VERDICT_RETRY, .flags = VERDICT_SLOW, .retry_after_ms = -1};
static const struct verdict slow_for_7s = {
    .class = VERDICT_RETRY, .flags = VERDICT_SLOW, .retry_after_ms = 7000};
static const struct verdict stopped = {.class = VERDICT_ACCOUNT_STOP, .retry_after_ms = -1};

static void lets_calls_through_up_to_the_limit(void **state)
{
    struct valve valve;
    (void)state;
    valve_init(&valve);
    assert_int_equal(valve_room(&valve, 0, LIMIT), LIMIT);
    assert_int_equal(valve_room(&valve, LIMIT - 1, LIMIT), 1);
    assert_int_equal(valve_room(&valve, LIMIT, LIMIT), 0);
    valve_note(&valve, &good, 0);
    valve_note(&valve, &dead, 0);
    assert_int_equal(valve_room(&valve, 0, LIMIT), LIMIT);
}

static void pauses_as_long_as_asked(void **state)
{
    struct valve valve;
    (void)state;
    valve_init(&valve);
    valve_note(&valve, &slow_for_7s, 1000);
    assert_int_equal(valve_room(&valve, 0, LIMIT), 0);
    valve_note(&valve, &slow_for_7s, 1500); /* another of the same moment */
    valve_note(&valve, &slow, 1500);
    valve_note(&valve, &good, 1600); /* began before the pause */
    assert_false(valve_tick(&valve, 8499));
    assert_int_equal(valve_room(&valve, 0, LIMIT), 0);
    assert_false(valve_tick(&valve, 8500));
    assert_int_equal(valve.state, VALVE_TRIAL);
}

static void tries_with_one_call(void **state)
{
    struct valve valve;
    (void)state;
    valve_init(&valve);
    valve_note(&valve, &slow, 0);
    valve_tick(&valve, 1000); /* the first pause is a second at most */
    assert_int_equal(valve_room(&valve, 0, LIMIT), 1);
    assert_int_equal(valve_room(&valve, 1, LIMIT), 0);
    valve_note(&valve, &good, 1000);
    assert_int_equal(valve_room(&valve, 0, LIMIT), LIMIT);
}

static void pauses_grow_up_to_a_cap(void **state)
{
    struct valve valve;
    int64_t now = 0, pause = 0;
    (void)state;
    valve_init(&valve);
    for (int i = 0; i < 12; i++) {
        valve_note(&valve, &slow, now);
        pause = valve.until_ms - now;
        assert_true(pause >= (i < 5 ? 500 << i : 15000) && pause <= (i < 5 ? 1000 << i : 30000));
        now = valve.until_ms;
        valve_tick(&valve, now);
    }
    valve_note(&valve, &good, now);
    valve_note(&valve, &slow, now);
    assert_true(valve.until_ms - now <= 1000);
}

static void after_an_unknown_one_at_a_time(void **state)
{
    struct valve valve;
    (void)state;
    valve_init(&valve);
    valve_note(&valve, &unclear, 0);
    assert_int_equal(valve_room(&valve, 3, LIMIT), 0);
    assert_int_equal(valve_room(&valve, 0, LIMIT), 1);
    valve_note(&valve, &unclear, 0);
    assert_int_equal(valve_room(&valve, 0, LIMIT), 1);
    valve_note(&valve, &dead, 0); /* a clear answer, if no happy one */
    assert_int_equal(valve_room(&valve, 0, LIMIT), LIMIT);
}

static void a_stopped_account_is_probed_first(void **state)
{
    struct valve valve;
    (void)state;
    valve_init(&valve);
    valve_note(&valve, &stopped, 0);
    assert_true(valve.account);
    int64_t until = valve.until_ms;
    assert_true(until >= 1000 && until <= 2000);
    valve_note(&valve, &stopped, 500); /* others of the same moment change nothing */
    valve_note(&valve, &slow_for_7s, 500);
    valve_note(&valve, &good, 500);
    valve_note(&valve, &unclear, 500);
    assert_int_equal(valve.until_ms, until);
    assert_int_equal(valve_room(&valve, 0, LIMIT), 0);
    assert_false(valve_tick(&valve, until - 1));
    assert_true(valve_tick(&valve, until));
    valve_probed(&valve, false, "no", until);
    assert_false(valve_tick(&valve, until));
    assert_true(valve.until_ms - until >= 2000 && valve.until_ms - until <= 4000);
    valve_probed(&valve, true, NULL, until);
    assert_int_equal(valve_room(&valve, 0, LIMIT), 1);
    assert_true(valve.account);
    valve_note(&valve, &good, until);
    assert_int_equal(valve_room(&valve, 0, LIMIT), LIMIT);
    assert_false(valve.account);
}

static void a_stop_outlasts_a_pause(void **state)
{
    struct valve valve;
    (void)state;
    valve_init(&valve);
    valve_note(&valve, &slow_for_7s, 0);
    valve_note(&valve, &stopped, 0);
    assert_int_equal(valve.state, VALVE_STOPPED);
}

static void a_failed_trial_stops_longer(void **state)
{
    struct valve valve;
    (void)state;
    valve_init(&valve);
    valve_note(&valve, &stopped, 0);
    valve_probed(&valve, true, NULL, 2000);
    valve_note(&valve, &stopped, 2000);
    assert_int_equal(valve.state, VALVE_STOPPED);
    assert_true(valve.until_ms >= 4000 && valve.until_ms <= 6000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_calls_through_up_to_the_limit),
        cmocka_unit_test(pauses_as_long_as_asked),
        cmocka_unit_test(tries_with_one_call),
        cmocka_unit_test(pauses_grow_up_to_a_cap),
        cmocka_unit_test(after_an_unknown_one_at_a_time),
        cmocka_unit_test(a_stopped_account_is_probed_first),
        cmocka_unit_test(a_stop_outlasts_a_pause),
        cmocka_unit_test(a_failed_trial_stops_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
