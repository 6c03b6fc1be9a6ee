/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3339 in and out, against libc for a great many instants.
 */
#include "core/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/random.h"

#define MS_MAX INT64_C(253402300799999)

static void assert_reads(const char *text, int64_t expected)
{
    int64_t ms = -1;
    if (!timestamp_parse(slice_of(text), &ms)) fail_msg("refused %s", text);
    if (ms != expected) fail_msg("%s: %lld", text, (long long)ms);
}

static void reads_what_the_rfc_allows(void **state)
{
    (void)state;
    assert_reads("1970-01-01T00:00:00Z", 0);
    assert_reads("1970-01-01t00:00:00.001z", 1);
    assert_reads("1970-01-01 00:00:01.5Z", 1500);
    assert_reads("1985-04-12T23:20:50.52Z", INT64_C(482196050520));
    assert_reads("1996-12-19T16:39:57-08:00", INT64_C(851042397000));
    assert_reads("1990-12-31T23:59:60Z", INT64_C(662687999999));
    assert_reads("1990-12-31T15:59:60-08:00", INT64_C(662687999999));
    assert_reads("2026-11-22T19:08:00.123456789+03:00", INT64_C(1795363680123));
    assert_reads("2026-11-22T16:08:00.1239999-00:00", INT64_C(1795363680123));
    assert_reads("2000-02-29T00:00:00Z", INT64_C(951782400000));
    assert_reads("2024-02-29T00:00:00Z", INT64_C(1709164800000));
}

static void the_edges_are_instants(void **state)
{
    int64_t ms;
    (void)state;
    assert_reads("1969-12-31T23:00:00-01:00", 0);
    assert_reads("1970-01-01T23:59:00+23:59", 0);
    assert_reads("9999-12-31T23:59:59.999Z", MS_MAX);
    assert_reads("9999-12-31T23:59:60Z", MS_MAX);
    assert_false(timestamp_parse(SLICE("1969-12-31T23:59:59.999Z"), &ms));
    assert_false(timestamp_parse(SLICE("1970-01-01T00:00:00+00:01"), &ms));
    assert_false(timestamp_parse(SLICE("9999-12-31T23:59:59-00:01"), &ms));
    assert_false(timestamp_parse(SLICE("0000-01-01T00:00:00Z"), &ms));
}

static void refuses_everything_else(void **state)
{
    static const char *const bad[] = {"", "2026", "2026-11-22", "2026-11-22T16:08Z",
        "2026-11-22T16:08:00", "2026-11-22T16:08:00.Z", "2026-11-22T16:08:00.1234567890Z",
        "2026-11-22T16:08:00,5Z", "2026-11-22T16:08:00+3:00", "2026-11-22T16:08:00+0300",
        "2026-11-22T16:08:00+24:00", "2026-11-22T16:08:00+03:60", "2026-11-22T16:08:00ZZ",
        "2026-11-22T16:08:00Z ", " 2026-11-22T16:08:00Z", "2026-11-22_16:08:00Z",
        "2026-11-22T24:00:00Z", "2026-11-22T16:60:00Z", "2026-11-22T16:08:61Z",
        "2026-00-22T16:08:00Z", "2026-13-22T16:08:00Z", "2026-11-00T16:08:00Z",
        "2026-11-31T16:08:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "02026-11-22T16:08:00Z", "+2026-11-22T16:08:00Z",
        "2026-1-22T16:08:00Z", "2026-11-22T1６:08:00Z", "26-11-22T16:08:00Z"};
    int64_t ms;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (timestamp_parse(slice_of(bad[i]), &ms)) fail_msg("accepted %s", bad[i]);
    }
    assert_false(timestamp_parse(SLICE("2026-11-22T16:08:00\0"), &ms));
    assert_false(timestamp_parse(SLICE("2026-11-22\00016:08:00Z"), &ms));
}

static void every_cut_is_refused(void **state)
{
    struct slice text = SLICE("2026-11-22T16:08:00.123+03:00");
    int64_t ms;
    (void)state;
    for (struct slice cut = text; cut.len > 0;) {
        cut.len--;
        assert_false(timestamp_parse(cut, &ms));
    }
}

static void assert_like_libc(int64_t ms)
{
    char ours[TIMESTAMP_LEN], theirs[32], seconds[24];
    struct tm parts;
    time_t time = (time_t)(ms / 1000);
    int64_t back = -1;
    assert_non_null(gmtime_r(&time, &parts));
    assert_true(strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &parts) > 0);
    snprintf(theirs, sizeof(theirs), "%s.%03dZ", seconds, (int)(ms % 1000));
    timestamp_format(ms, ours);
    if (memcmp(ours, theirs, TIMESTAMP_LEN) != 0) fail_msg("%.24s, libc %s", ours, theirs);
    assert_true(timestamp_parse((struct slice){ours, TIMESTAMP_LEN}, &back) && back == ms);
}

static void agrees_with_libc(void **state)
{
    (void)state;
    assert_like_libc(0);
    assert_like_libc(MS_MAX);
    for (int i = 0; i < 200000; i++) assert_like_libc((int64_t)random_below((uint64_t)MS_MAX + 1));
    /* Both ends of every day of 1970 to 2410, which is more than an era. */
    for (int64_t day = 1; day < 365 * 440; day++) {
        assert_like_libc(day * 86400000);
        assert_like_libc(day * 86400000 - 1);
    }
}

static void appends_to_a_buffer(void **state)
{
    CLEANUP(buf_deinit)
    struct buf buf;
    (void)state;
    buf_init(&buf, 100);
    buf_put_timestamp(&buf, INT64_C(1795363680123));
    assert_true(slice_equal(buf_slice(&buf), SLICE("2026-11-22T16:08:00.123Z")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_rfc_allows),
        cmocka_unit_test(the_edges_are_instants),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(agrees_with_libc),
        cmocka_unit_test(appends_to_a_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
