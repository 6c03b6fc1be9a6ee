/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offsets, clock times and days.
 */
#include "sms/zone.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

static void reads_offsets(void **state)
{
    static const struct {
        const char *text;
        int minutes;
    } rows[] = {{"+03:00", 180}, {"-09:30", -570}, {"+00:00", 0}, {"-00:00", 0}, {"+14:00", 840}};
    static const char *const wrong[] = {"", "03:00", "+3:00", "+03:60", "+14:01", "+24:00",
        "+03-00", "Z", "EAT", "+03:000", "+ 3:00"};
    int minutes;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(zone_parse(slice_of(rows[i].text), &minutes));
        assert_int_equal(minutes, rows[i].minutes);
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_false(zone_parse(slice_of(wrong[i]), &minutes));
    }
    assert_false(zone_parse(slice_absent(), &minutes));
}

static void reads_clock_times(void **state)
{
    int minutes;
    (void)state;
    assert_true(zone_parse_clock(SLICE("00:00"), &minutes));
    assert_int_equal(minutes, 0);
    assert_true(zone_parse_clock(SLICE("23:59"), &minutes));
    assert_int_equal(minutes, 1439);
    assert_false(zone_parse_clock(SLICE("24:00"), &minutes));
    assert_false(zone_parse_clock(SLICE("7:00"), &minutes));
    assert_false(zone_parse_clock(SLICE("07.00"), &minutes));
}

static void days_begin_at_the_zones_midnight(void **state)
{
    int64_t day = INT64_C(86400000), hour = INT64_C(3600000);
    (void)state;
    assert_int_equal(zone_day(20000 * day, 0), 20000);
    assert_int_equal(zone_day(20000 * day - 1, 0), 19999);
    assert_int_equal(zone_day(20000 * day - 3 * hour, 180), 20000);
    assert_int_equal(zone_day(20000 * day - 3 * hour - 1, 180), 19999);
    assert_int_equal(zone_day(20000 * day + 3 * hour - 1, -180), 19999);
    assert_int_equal(zone_day(0, -1), -1);
    assert_int_equal(zone_day(-day, 0), -1);
    assert_int_equal(zone_day(-day - 1, 0), -2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_offsets),
        cmocka_unit_test(reads_clock_times),
        cmocka_unit_test(days_begin_at_the_zones_midnight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
