/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order, removal of any node, and moving whole lists.
 */
#include "core/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
    int number;
    struct list node;
};

static struct item items[5];

static void fill(struct list *list, int from, int to)
{
    list_init(list);
    for (int i = from; i < to; i++) {
        items[i].number = i;
        list_init(&items[i].node);
        list_append(list, &items[i].node);
    }
}

/* The numbers as decimal digits, behind a 1. */
static int digits(const struct list *list)
{
    int value = 1;
    list_for_each (node, list) {
        value = value * 10 + CONTAINER_OF(node, struct item, node)->number;
    }
    return value;
}

static void keeps_order_and_removes_any(void **state)
{
    struct list list;
    (void)state;
    fill(&list, 0, 5);
    assert_int_equal(digits(&list), 101234);
    list_remove(&items[2].node);
    list_remove(&items[2].node);
    list_remove(&items[0].node);
    list_remove(&items[4].node);
    assert_int_equal(digits(&list), 113);
    assert_ptr_equal(list_take(&list), &items[1].node);
    assert_ptr_equal(list_take(&list), &items[3].node);
    assert_null(list_take(&list));
    assert_true(list_empty(&list));
}

static void the_current_node_may_leave(void **state)
{
    struct list list;
    (void)state;
    fill(&list, 0, 5);
    list_for_each_safe (node, &list) {
        if (CONTAINER_OF(node, struct item, node)->number % 2 == 0) list_remove(node);
    }
    assert_int_equal(digits(&list), 113);
}

static void moves_whole_lists(void **state)
{
    struct list first, second, none;
    (void)state;
    fill(&first, 0, 2);
    fill(&second, 2, 5);
    list_init(&none);
    list_move_all(&first, &none);
    assert_int_equal(digits(&first), 101);
    list_move_all(&first, &second);
    assert_int_equal(digits(&first), 101234);
    assert_true(list_empty(&second));
    list_move_all(&second, &first);
    assert_int_equal(digits(&second), 101234);
    assert_true(list_empty(&first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_removes_any),
        cmocka_unit_test(the_current_node_may_leave),
        cmocka_unit_test(moves_whole_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
