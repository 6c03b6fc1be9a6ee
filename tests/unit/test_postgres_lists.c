/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which statement a list runs, with which parameters. That the texts are right shows in test_store.c, on a server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/postgres/params.h"
#include "store/postgres/statement.h"

static const char *name_of(const struct store_list *list)
{
    static char name[LIST_NAME_SIZE];
    struct params params;
    params_init(&params);
    list_statement(list, name, &params);
    params_seal(&params);
    assert_int_equal(params.count, 13);
    params_deinit(&params);
    return name;
}

static void has_one_statement_per_set_of_filters(void **state)
{
    struct store_list list = {.base.verb = STORE_MESSAGE_LIST, .limit = 1};
    (void)state;
    assert_string_equal(name_of(&list), "LIST_7_0");
    list.after = true;
    assert_string_equal(name_of(&list), "LIST_7_2");
    list.customer = SLICE("C1");
    assert_string_equal(name_of(&list), "LIST_7_3");
    list.by_state = list.by_order = true;
    assert_string_equal(name_of(&list), "LIST_7_15");
}

static void leaves_out_filters_that_a_list_does_not_know(void **state)
{
    struct store_list list = {.base.verb = STORE_ORDER_LIST, .limit = STORE_LIST_MAX};
    (void)state;
    list.by_state = list.by_order = true;
    assert_string_equal(name_of(&list), "LIST_6_0");
    list.base.verb = STORE_CUSTOMER_LIST;
    assert_string_equal(name_of(&list), "LIST_5_0");
    list.base.verb = STORE_SUPPRESSION_LIST;
    list.customer = SLICE("C1");
    assert_string_equal(name_of(&list), "LIST_28_0");
}

static void finds_suppressions_by_number(void **state)
{
    struct store_list list = {
        .base.verb = STORE_SUPPRESSION_LIST, .limit = 1, .phone = SLICE("+254700000001")};
    (void)state;
    assert_string_equal(name_of(&list), "LIST_28_16");
    list.after = true;
    assert_string_equal(name_of(&list), "LIST_28_18");
}

static void searches_by_one_statement_whatever_for(void **state)
{
    struct store_list list = {.base.verb = STORE_ORDER_LIST, .limit = 1, .examine = 1};
    (void)state;
    list.words = SLICE("flour");
    assert_string_equal(name_of(&list), "LIST_6_32");
    assert_true(list_is_search(&list));
    list.words = slice_absent();
    list.currency = SLICE("KES");
    assert_string_equal(name_of(&list), "LIST_6_32");
    list.base.verb = STORE_CUSTOMER_LIST;
    assert_string_equal(name_of(&list), "LIST_5_0");
    assert_false(list_is_search(&list));
    list.base.verb = STORE_SUPPRESSION_LIST;
    list.words = SLICE("flour");
    assert_string_equal(name_of(&list), "LIST_28_0");
}

static void counts_whatever_the_page(void **state)
{
    struct store_list list = {
        .base.verb = STORE_ORDER_LIST, .limit = 1, .after = true, .count_max = 41};
    char name[LIST_NAME_SIZE];
    struct params params;
    (void)state;
    params_init(&params);
    list_count_statement(&list, name, &params);
    params_seal(&params);
    assert_string_equal(name, "COUNT_6_0");
    assert_memory_equal(params.values[12], "\0\0\0\0\0\0\0\x2a", 8);
    params_deinit(&params);
}

static void asks_for_one_row_more(void **state)
{
    struct store_list list = {.base.verb = STORE_ORDER_LIST, .limit = 50};
    char name[LIST_NAME_SIZE];
    struct params params;
    (void)state;
    params_init(&params);
    list_statement(&list, name, &params);
    params_seal(&params);
    assert_memory_equal(params.values[2], "\0\0\0\0\0\0\0\x33", 8);
    params_deinit(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_one_statement_per_set_of_filters),
        cmocka_unit_test(leaves_out_filters_that_a_list_does_not_know),
        cmocka_unit_test(finds_suppressions_by_number),
        cmocka_unit_test(searches_by_one_statement_whatever_for),
        cmocka_unit_test(counts_whatever_the_page),
        cmocka_unit_test(asks_for_one_row_more),
    };
    return cmocka_run_group_tests_name("postgres_lists", tests, NULL, NULL);
}
