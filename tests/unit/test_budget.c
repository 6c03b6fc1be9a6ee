/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prices, the day's sum, its cap.
 */
#include "sms/budget.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

#define DAY INT64_C(86400000)
#define COST SLICE("KES 0.8000")

static void reads_prices(void **state)
{
    static const struct {
        const char *text, *currency; /* NULL: not named */
        int64_t amount;
    } rows[] = {
        {"KES 0.8000", "KES", 8000},
        {"KES 5000", "KES", 50000000},
        {"UGX 35.5", "UGX", 355000},
        {"0", NULL, 0},
        {"0.80", NULL, 8000},
        {"KES 0.80009", "KES", 8000},
    };
    static const char *const wrong[] = {
        "", "KES", "KES ", "KES -1", "KES 1,5", "KES  1", "KESH 1", "ksh1", "KES 1e3", "KES 0.8 x"};
    struct slice currency;
    int64_t amount;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(price_parse(slice_of(rows[i].text), &currency, &amount));
        assert_int_equal(amount, rows[i].amount);
        assert_int_equal(slice_present(currency), rows[i].currency != NULL);
        assert_true(slice_equal(currency, slice_of(rows[i].currency)));
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_false(price_parse(slice_of(wrong[i]), &currency, &amount));
    }
}

static void refuses_caps_that_make_no_sense(void **state)
{
    static const char *const wrong[] = {"5000", "KES", "KES 0", "kes 5000", "XYZ 1", "KES 5,000"};
    struct budget budget;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_non_null(budget_init(&budget, slice_of(wrong[i]), 0));
    }
    assert_null(budget_init(&budget, SLICE("KES 5000"), 180));
    assert_int_equal(budget.cap, 50000000);
    assert_null(budget_init(&budget, slice_absent(), 180));
    assert_int_equal(budget.cap, 0);
}

static void without_a_cap_it_only_counts(void **state)
{
    struct budget budget;
    (void)state;
    assert_null(budget_init(&budget, SLICE(""), 0));
    budget_day(&budget, 0);
    assert_false(budget_waits(&budget));
    assert_false(slice_present(budget_currency(&budget)));
    assert_int_equal(budget_note(&budget, slice_absent(), true), 0);
    assert_int_equal(budget_note(&budget, COST, true), 8000);
    assert_true(slice_equal(budget_currency(&budget), SLICE("KES")));
    assert_int_equal(budget_spent(&budget), 8000);
    assert_false(budget_is_spent(&budget));
}

static void the_sum_never_misses_what_it_knows(void **state)
{
    struct budget budget;
    (void)state;
    assert_null(budget_init(&budget, SLICE("KES 2.4"), 0));
    assert_int_equal(budget_day(&budget, DAY), 1);
    assert_true(budget_waits(&budget));
    budget_asked(&budget);
    budget_told(&budget, 1, 8000); /* another copy's */
    assert_false(budget_waits(&budget));
    assert_int_equal(budget_note(&budget, COST, true), 8000);
    assert_int_equal(budget_spent(&budget), 16000);
    assert_false(budget_is_spent(&budget));
    budget_asked(&budget);
    budget_settled(&budget, 8000); /* while the store was asked: in its sum, or not */
    budget_told(&budget, 1, 8000);
    assert_int_equal(budget_spent(&budget), 16000);
    budget_asked(&budget);
    budget_told(&budget, 1, 16000);
    assert_int_equal(budget_spent(&budget), 16000);
    budget_note(&budget, COST, true);
    assert_true(budget_is_spent(&budget));
}

static void a_new_day_begins_with_nothing(void **state)
{
    struct budget budget;
    (void)state;
    assert_null(budget_init(&budget, SLICE("KES 0.8"), 180));
    assert_int_equal(budget_day(&budget, DAY - 3 * 3600000), 1);
    budget_asked(&budget);
    budget_told(&budget, 1, 8000);
    assert_true(budget_is_spent(&budget));
    budget_asked(&budget);
    assert_int_equal(budget_day(&budget, 2 * DAY - 3 * 3600000 - 1), 1);
    assert_true(budget_is_spent(&budget));
    assert_int_equal(budget_day(&budget, 2 * DAY - 3 * 3600000), 2);
    budget_told(&budget, 1, 8000); /* yesterday's answer */
    assert_false(budget_is_spent(&budget));
    assert_true(budget_waits(&budget));
}

static void another_currency_does_not_count(void **state)
{
    struct budget budget;
    (void)state;
    assert_null(budget_init(&budget, SLICE("KES 0.8"), 0));
    budget_day(&budget, 0);
    assert_int_equal(budget_note(&budget, SLICE("UGX 35"), true), 0);
    assert_true(budget.complained);
    budget.complained = false;
    assert_int_equal(budget_note(&budget, slice_absent(), true), 0);
    assert_true(budget.complained);
    budget.complained = false;
    assert_int_equal(budget_note(&budget, SLICE("dear"), true), 0);
    assert_true(budget.complained);
    budget.complained = false;
    assert_int_equal(budget_note(&budget, slice_absent(), false), 0);
    assert_int_equal(budget_note(&budget, SLICE("0"), false), 0);
    assert_false(budget.complained);
    assert_int_equal(budget_spent(&budget), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_prices),
        cmocka_unit_test(refuses_caps_that_make_no_sense),
        cmocka_unit_test(without_a_cap_it_only_counts),
        cmocka_unit_test(the_sum_never_misses_what_it_knows),
        cmocka_unit_test(a_new_day_begins_with_nothing),
        cmocka_unit_test(another_currency_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
