/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quiet hours by country. Times are minutes of 2026-11-22, UTC.
 */
#include "sms/quiet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/timestamp.h"

static int64_t at(int minutes)
{
    int64_t midnight;
    assert_true(timestamp_parse(SLICE("2026-11-22T00:00:00Z"), &midnight));
    return midnight + minutes * INT64_C(60000);
}

#define AT(hour, minute) ((hour)*60 + (minute))

static void goes_by_the_recipients_clock(void **state)
{
    static const struct {
        const char *hours, *number;
        int now, until; /* 0: not quiet */
    } rows[] = {
        {"21:00-07:00", "+254712345678", AT(17, 59), 0},
        {"21:00-07:00", "+254712345678", AT(18, 0), AT(28, 0)},
        {"21:00-07:00", "+254712345678", AT(27, 59), AT(28, 0)},
        {"21:00-07:00", "+254712345678", AT(4, 0), 0},
        {"21:00-07:00", "+256712345678", AT(18, 0), AT(28, 0)},
        {"21:00-07:00", "+255712345678", AT(18, 0), AT(28, 0)},
        {"21:00-07:00", "+251912345678", AT(18, 0), AT(28, 0)},
        {"21:00-07:00", "+250722345678", AT(18, 59), 0},
        {"21:00-07:00", "+250722345678", AT(19, 0), AT(29, 0)},
        {"21:00-07:00", "+25761234567", AT(19, 0), AT(29, 0)},
        {"21:00-07:00", "+211912345678", AT(19, 0), AT(29, 0)},
        {"21:00-07:00", "+243812345678", AT(18, 59), 0},
        {"21:00-07:00", "+243812345678", AT(19, 0), AT(30, 0)},  /* 21:00 in the east */
        {"21:00-07:00", "+243812345678", AT(29, 30), AT(30, 0)}, /* 06:30 in the west */
        {"21:00-07:00", "+243812345678", AT(30, 0), 0},
        {"02:00-00:00", "+243812345678", AT(0, 30), AT(23, 0)}, /* the longest there can be */
        {"12:00-13:30", "+254712345678", AT(9, 15), AT(10, 30)},
        {"00:00-06:00", "+254712345678", AT(21, 0), AT(27, 0)},
        {"21:00-07:00", "+447712345678", AT(15, 30), AT(25, 30)}, /* +05:30 by the setting */
        {"21:00-07:00", "+447712345678", AT(15, 29), 0},
        {"21:00-07:00", "", AT(15, 30), AT(25, 30)},
        {"", "+254712345678", AT(20, 0), 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct quiet quiet;
        assert_null(quiet_init(&quiet, slice_of(rows[i].hours), 330));
        int64_t until = quiet_until(&quiet, slice_of(rows[i].number), at(rows[i].now));
        assert_int_equal(until, rows[i].until ? at(rows[i].until) : 0);
    }
}

/* Whatever the hours, what is put off is not put off again. */
static void their_end_is_not_quiet(void **state)
{
    static const char *const hours[] = {"21:00-07:00", "02:00-00:00", "00:01-00:02", "13:00-11:00"};
    static const char *const numbers[] = {"+254712345678", "+250722345678", "+243812345678", "+1"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hours); i++) {
        struct quiet quiet;
        assert_null(quiet_init(&quiet, slice_of(hours[i]), -570));
        for (int minute = 0; minute < 1440 * (int)ARRAY_LEN(numbers); minute++) {
            struct slice number = slice_of(numbers[minute / 1440]);
            int64_t until = quiet_until(&quiet, number, at(minute % 1440) + 1);
            if (until) assert_int_equal(quiet_until(&quiet, number, until), 0);
        }
    }
}

static void refuses_hours_that_make_no_sense(void **state)
{
    static const char *const wrong[] = {"21:00", "21:00-", "-07:00", "21-7", "21:00-24:00",
        "21:00-07:00 ", "21:00 - 07:00", "07:00-07:00", "01:59-00:00", "night"};
    struct quiet quiet;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_non_null(quiet_init(&quiet, slice_of(wrong[i]), 0));
    }
    assert_null(quiet_init(&quiet, slice_absent(), 0));
    assert_int_equal(quiet_until(&quiet, SLICE("+254712345678"), at(0)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_by_the_recipients_clock),
        cmocka_unit_test(their_end_is_not_quiet),
        cmocka_unit_test(refuses_hours_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
