/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters on the wire, byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/postgres/params.h"

static int set_up(void **state)
{
    static struct params params;
    params_init(&params);
    *state = &params;
    return 0;
}

static int tear_down(void **state)
{
    params_deinit(*state);
    return 0;
}

static void assert_value(const struct params *params, int at, const char *bytes, int len)
{
    assert_non_null(params->values[at]);
    assert_int_equal(params->lengths[at], len);
    assert_int_equal(params->formats[at], 1);
    assert_memory_equal(params->values[at], bytes, (size_t)len);
}

static void writes_plain_values(void **state)
{
    struct params *params = *state;
    struct uuid id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
    params_bool(params, true);
    params_i32(params, -2);
    params_i64(params, 258);
    params_uuid(params, &id);
    params_bytes(params, SLICE("abc"));
    params_seal(params);
    assert_int_equal(params->count, 5);
    assert_value(params, 0, "\1", 1);
    assert_value(params, 1, "\xff\xff\xff\xfe", 4);
    assert_value(params, 2, "\0\0\0\0\0\0\1\2", 8);
    assert_value(params, 3, (const char *)id.bytes, 16);
    assert_value(params, 4, "abc", 3);
}

static void tells_empty_from_null(void **state)
{
    struct params *params = *state;
    params_bytes(params, SLICE(""));
    params_bytes(params, slice_absent());
    params_null(params);
    params_time_or_null(params, 0);
    params_seal(params);
    assert_value(params, 0, "", 0);
    for (int i = 1; i < 4; i++) assert_null(params->values[i]);
}

static void counts_time_from_2000_in_microseconds(void **state)
{
    struct params *params = *state;
    params_time(params, POSTGRES_EPOCH_MS + 1);
    params_time(params, POSTGRES_EPOCH_MS - 1);
    params_time_or_null(params, POSTGRES_EPOCH_MS);
    params_seal(params);
    assert_value(params, 0, "\0\0\0\0\0\0\x03\xe8", 8);
    assert_value(params, 1, "\xff\xff\xff\xff\xff\xff\xfc\x18", 8);
    assert_value(params, 2, "\0\0\0\0\0\0\0\0", 8);
}

static void writes_the_end_of_time_as_infinity(void **state)
{
    struct params *params = *state;
    params_time(params, INT64_MAX);
    params_time(params, INT64_C(253402300800000));
    params_seal(params);
    assert_value(params, 0, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_value(params, 1, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
}

static void writes_arrays(void **state)
{
    struct params *params = *state;
    static const char wire[] = "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\3\0\0\0\1"
                               "\0\0\0\1a\xff\xff\xff\xff\0\0\0\2bc";
    params_i32(params, 7);
    params_array(params, OID_TEXT);
    params_bytes(params, SLICE("a"));
    params_bytes(params, slice_absent());
    params_bytes(params, SLICE("bc"));
    params_array_end(params);
    params_bool(params, false);
    params_seal(params);
    assert_int_equal(params->count, 3);
    assert_value(params, 0, "\0\0\0\7", 4);
    assert_value(params, 1, wire, sizeof(wire) - 1);
    assert_value(params, 2, "\0", 1);
}

static void starts_again_after_a_reset(void **state)
{
    struct params *params = *state;
    for (int i = 0; i < 1000; i++) params_reset(params), params_i64(params, i);
    params_seal(params);
    assert_int_equal(params->count, 1);
    assert_value(params, 0, "\0\0\0\0\0\0\3\xe7", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_plain_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_empty_from_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_time_from_2000_in_microseconds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_the_end_of_time_as_infinity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_arrays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(starts_again_after_a_reset, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("postgres_params", tests, NULL, NULL);
}
