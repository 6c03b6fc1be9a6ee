/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each class of SQLSTATE comes to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/postgres/fault.h"

static void sorts_by_class(void **state)
{
    (void)state;
    assert_int_equal(fault_of("40001"), FAULT_RETRY);
    assert_int_equal(fault_of("40P01"), FAULT_RETRY);
    assert_int_equal(fault_of("55P03"), FAULT_RETRY);
    assert_int_equal(fault_of("55006"), FAULT_OURS);
    assert_int_equal(fault_of("23503"), FAULT_OURS);
    assert_int_equal(fault_of("23514"), FAULT_OURS);
    assert_int_equal(fault_of("53100"), FAULT_UNAVAILABLE);
    assert_int_equal(fault_of("57014"), FAULT_UNAVAILABLE);
    assert_int_equal(fault_of("25006"), FAULT_UNAVAILABLE);
    assert_int_equal(fault_of("25001"), FAULT_OURS);
    assert_int_equal(fault_of("22021"), FAULT_OURS);
}

static void knows_when_to_reconnect(void **state)
{
    (void)state;
    assert_true(fault_ends_session("57P01"));
    assert_true(fault_ends_session("26000"));
    assert_true(fault_ends_session("0A000"));
    assert_true(fault_ends_session("25006"));
    assert_true(fault_ends_session("08006"));
    assert_false(fault_ends_session("57014"));
    assert_false(fault_ends_session("23514"));
}

static void answers_internal_only_for_the_unforeseen(void **state)
{
    (void)state;
    assert_int_equal(fault_answer("test", "23514"), ERR_INTERNAL);
    assert_int_equal(fault_answer("test", "53100"), ERR_UNAVAILABLE);
    assert_int_equal(fault_answer("test", "40P01"), ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_by_class),
        cmocka_unit_test(knows_when_to_reconnect),
        cmocka_unit_test(answers_internal_only_for_the_unforeseen),
    };
    return cmocka_run_group_tests_name("postgres_fault", tests, NULL, NULL);
}
