/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of audited actions, and the range of ids that a list searches.
 */
#include "store/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/page.h"

#define AT INT64_C(0x019b7c3a1b2c)
#define SKEW 60000

static int64_t time_of(struct uuid id)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++) ms = ms << 8 | id.bytes[i];
    return ms;
}

static bool rest_is(struct uuid id, uint8_t byte)
{
    for (int i = 6; i < 16; i++) {
        if (id.bytes[i] != byte) return false;
    }
    return true;
}

static void names_come_back(void **state)
{
    enum audit_action action;
    (void)state;
    for (unsigned i = 0; i < AUDIT_ACTION_COUNT; i++) {
        assert_true(audit_action_parse(audit_action_text((enum audit_action)i), &action));
        assert_int_equal(action, i);
    }
}

static void a_name_of_a_newer_version_is_unknown(void **state)
{
    enum audit_action action = AUDIT_REFUSED;
    (void)state;
    assert_false(audit_action_parse(SLICE("order.painted"), &action));
    assert_int_equal(action, AUDIT_ACTION_COUNT);
    assert_true(slice_equal(audit_action_text(action), SLICE("unknown")));
}

static void the_range_is_wider_than_the_times(void **state)
{
    const struct store_list list = {.from = AT, .to = AT + 5};
    struct audit_range range = audit_range(&list);
    (void)state;
    assert_int_equal(time_of(range.low), AT - SKEW);
    assert_true(rest_is(range.low, 0));
    assert_int_equal(time_of(range.high), AT + 5 + SKEW);
    assert_true(rest_is(range.high, 0));
}

static void open_times_leave_nothing_out(void **state)
{
    const int64_t starts[] = {INT64_MIN, 0, SKEW};
    const int64_t ends[] = {INT64_MAX, INT64_MAX - 1, INT64_C(1) << 48, (INT64_C(1) << 48) - 1};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        struct audit_range range = audit_range(&(struct store_list){.from = starts[i], .to = 1});
        assert_int_equal(time_of(range.low), 0);
        assert_true(rest_is(range.low, 0));
    }
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct audit_range range = audit_range(&(struct store_list){.to = ends[i]});
        assert_int_equal(time_of(range.high), (INT64_C(1) << 48) - 1);
        assert_true(rest_is(range.high, 0xff));
    }
}

static void a_page_begins_at_its_place_when_that_is_earlier(void **state)
{
    struct store_list list = {.to = AT, .place.id = {{0x01, 0x9b, 0x7c, 0x3a, 0, 0, 0x70}}};
    (void)state;
    assert_int_equal(time_of(audit_range(&list).high), AT + SKEW);
    list.after = true;
    assert_true(uuid_equal(audit_range(&list).high, list.place.id));
    memset(list.place.id.bytes, 0xff, sizeof(list.place.id.bytes));
    assert_int_equal(time_of(audit_range(&list).high), AT + SKEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_come_back),
        cmocka_unit_test(a_name_of_a_newer_version_is_unknown),
        cmocka_unit_test(the_range_is_wider_than_the_times),
        cmocka_unit_test(open_times_leave_nothing_out),
        cmocka_unit_test(a_page_begins_at_its_place_when_that_is_earlier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
