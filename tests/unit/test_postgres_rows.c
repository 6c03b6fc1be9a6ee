/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows decoded from results that are made here, without a server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/postgres/rows.h"

struct value {
    const char *bytes; /* NULL: SQL's NULL */
    int len;
};

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
#define NONE                                                                                       \
    {                                                                                              \
        NULL, -1                                                                                   \
    }
#define ID TEXT("0123456789abcdef")
#define ONE TEXT("\0\0\0\0\0\0\0\1")
/* 2000-01-01T00:00:01.500Z */
#define TIME TEXT("\0\0\0\0\0\x16\xe3\x60")
#define TIME_MS INT64_C(946684801500)

static PGresult *make_result(const struct value *values, int count)
{
    static PGresAttDesc columns[32];
    static char name[] = "column";
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    for (int i = 0; i < count; i++) columns[i] = (PGresAttDesc){.name = name, .format = 1};
    assert_true(PQsetResultAttrs(result, count, columns));
    for (int i = 0; i < count; i++) {
        char *bytes = (char *)(uintptr_t)values[i].bytes;
        assert_true(PQsetvalue(result, 0, i, bytes, values[i].len));
    }
    return result;
}

static void assert_text(struct slice actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.ptr, expected, actual.len);
}

static void reads_null_as_nothing(void **state)
{
    static const struct value values[] = {NONE, NONE, NONE, NONE, NONE, NONE, NONE};
    struct arena *arena = *state;
    PGresult *result = make_result(values, 7);
    struct row row = {.result = result, .arena = arena};
    static const struct uuid nil;
    static const struct digest zero;
    assert_true(row_null(&row));
    assert_false(row_bool(&row));
    assert_int_equal(row_i32(&row), 0);
    assert_int_equal(row_i64(&row), 0);
    assert_int_equal(row_time(&row), 0);
    assert_true(uuid_equal(row_uuid(&row), nil));
    struct digest digest = row_digest(&row);
    assert_memory_equal(&digest, &zero, sizeof(zero));
    assert_false(slice_present(row_text(&row)));
    PQclear(result);
}

static void reads_a_customer(void **state)
{
    static const struct value values[] = {
        ID, TEXT("C1"), TEXT("Sample"), NONE, TEXT(""), TEXT("\1"), ONE, TIME, TIME};
    struct arena *arena = *state;
    PGresult *result = make_result(values, ROW_CUSTOMER_COLUMNS);
    struct row row = {.result = result, .arena = arena};
    struct customer customer;
    row_customer(&row, &customer);
    PQclear(result); /* nothing that was read may depend on it */
    assert_int_equal(row.column, ROW_CUSTOMER_COLUMNS);
    assert_memory_equal(customer.id.bytes, "0123456789abcdef", 16);
    assert_text(customer.code, "C1");
    assert_text(customer.name, "Sample");
    assert_false(slice_present(customer.phone));
    assert_true(slice_present(customer.language));
    assert_text(customer.language, "");
    assert_true(customer.sms_opt_out);
    assert_int_equal(customer.version, 1);
    assert_int_equal(customer.created_at, TIME_MS);
}

static void reads_a_message(void **state)
{
    static const struct value values[] = {ID, ID, ID, TEXT("C1"), TEXT("order.changed"), NONE,
        TEXT("Hello"), TEXT("ucs2"), TEXT("\0\0\0\2"), TEXT("unknown"), TEXT("\0\0\0\3"), TIME,
        NONE, TIME, NONE, NONE, NONE, NONE, NONE, TEXT("lease lost"), TEXT("")};
    struct arena *arena = *state;
    PGresult *result = make_result(values, 21);
    struct row row = {.result = result, .arena = arena};
    struct message message;
    row_message(&row, &message);
    PQclear(result);
    assert_int_equal(row.column, 21);
    assert_int_equal(message.event, MESSAGE_ORDER_CHANGED);
    assert_false(slice_present(message.to));
    assert_int_equal(message.encoding, MESSAGE_UCS2);
    assert_int_equal(message.parts, 2);
    assert_int_equal(message.state, MESSAGE_UNKNOWN);
    assert_int_equal(message.attempts, 3);
    assert_int_equal(message.due_at, TIME_MS);
    assert_int_equal(message.expires_at, 0);
    assert_text(message.failure, "lease lost");
    assert_true(slice_present(message.history));
}

static void reads_times_before_2000(void **state)
{
    /* 1970-01-01T00:00:00.001Z */
    static const struct value values[] = {TEXT("\xff\xfc\xa2\xfe\xc4\xc8\x23\xe8")};
    struct arena *arena = *state;
    PGresult *result = make_result(values, 1);
    struct row row = {.result = result, .arena = arena};
    assert_int_equal(row_time(&row), 1);
    PQclear(result);
}

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena, 1 << 20);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_deinit(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_null_as_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_a_customer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_a_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_times_before_2000, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("postgres_rows", tests, NULL, NULL);
}
