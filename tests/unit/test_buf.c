/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appends, numbers at their bounds, and the mark at the maximum.
 */
#include "core/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

static void assert_text(const struct buf *buf, const char *text)
{
    assert_true(buf_ok(buf));
    assert_true(slice_equal(buf_slice(buf), slice_of(text)));
}

static void appends_in_order(void **state)
{
    CLEANUP(buf_deinit)
    struct buf buf;
    (void)state;
    buf_init(&buf, 1000);
    buf_put(&buf, slice_absent());
    assert_null(buf.ptr);
    buf_put(&buf, SLICE("a"));
    buf_put_char(&buf, 'b');
    buf_put_text(&buf, "cd");
    buf_printf(&buf, "-%d-%s", 5, "e");
    assert_text(&buf, "abcd-5-e");
    buf_reset(&buf);
    assert_text(&buf, "");
}

static void numbers_at_their_bounds(void **state)
{
    CLEANUP(buf_deinit)
    struct buf buf;
    (void)state;
    buf_init(&buf, 1000);
    buf_put_u64(&buf, 0);
    buf_put_char(&buf, ' ');
    buf_put_u64(&buf, UINT64_MAX);
    buf_put_char(&buf, ' ');
    buf_put_i64(&buf, INT64_MIN);
    buf_put_char(&buf, ' ');
    buf_put_i64(&buf, INT64_MAX);
    buf_put_char(&buf, ' ');
    buf_put_i64(&buf, -7);
    assert_text(&buf, "0 18446744073709551615 -9223372036854775808 9223372036854775807 -7");
}

static void past_the_maximum_nothing_is_written(void **state)
{
    CLEANUP(buf_deinit)
    struct buf buf;
    (void)state;
    buf_init(&buf, 4);
    buf_put(&buf, SLICE("abcd"));
    assert_text(&buf, "abcd");
    buf_put(&buf, SLICE("e"));
    assert_false(buf_ok(&buf));
    assert_int_equal(buf.len, 4);
    buf_reset(&buf);
    assert_true(buf_ok(&buf));
    buf_put(&buf, SLICE("abcde"));
    assert_int_equal(buf.len, 0);
    buf_put(&buf, SLICE("a")); /* it would fit, but the text has a hole already */
    assert_int_equal(buf.len, 0);
    assert_false(buf_ok(&buf));
}

static void printf_fills_to_the_maximum(void **state)
{
    CLEANUP(buf_deinit)
    struct buf buf;
    (void)state;
    buf_init(&buf, 4);
    buf_printf(&buf, "%s", "abcd");
    assert_text(&buf, "abcd");
    buf_reset(&buf);
    buf_printf(&buf, "%s", "abcde");
    assert_false(buf_ok(&buf));
    assert_int_equal(buf.len, 0);
}

/* Lengths around the first capacity, where the text is formatted a second time. */
static void printf_grows_when_it_must(void **state)
{
    (void)state;
    for (int len = 200; len < 300; len++) {
        CLEANUP(buf_deinit)
        struct buf buf;
        buf_init(&buf, 1000);
        buf_put(&buf, SLICE("ab"));
        buf_printf(&buf, "%0*d", len, 0);
        assert_true(buf_ok(&buf));
        assert_int_equal(buf.len, 2 + len);
        assert_memory_equal(buf.ptr, "ab0", 3);
        assert_int_equal(buf.ptr[buf.len - 1], '0');
    }
}

static void reserved_room_is_counted_when_used(void **state)
{
    CLEANUP(buf_deinit)
    struct buf buf;
    (void)state;
    buf_init(&buf, 3000);
    buf_put(&buf, SLICE("ab"));
    char *room = buf_reserve(&buf, 2000);
    assert_non_null(room);
    memset(room, 'x', 2000);
    buf_added(&buf, 1);
    assert_text(&buf, "abx");
    assert_null(buf_reserve(&buf, 2998));
    assert_false(buf_ok(&buf));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_in_order),
        cmocka_unit_test(numbers_at_their_bounds),
        cmocka_unit_test(past_the_maximum_nothing_is_written),
        cmocka_unit_test(printf_fills_to_the_maximum),
        cmocka_unit_test(printf_grows_when_it_must),
        cmocka_unit_test(reserved_room_is_counted_when_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
