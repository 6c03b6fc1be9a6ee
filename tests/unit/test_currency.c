/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Currency codes, and decimal texts to minor units and back.
 */
#include "core/currency.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

static void knows_digits_of_currencies(void **state)
{
    static const struct {
        const char *code;
        int digits;
    } rows[] = {{"KES", 2}, {"ZWG", 2}, {"UGX", 0}, {"RWF", 0}, {"BIF", 0}, {"XPF", 0}, {"BHD", 3},
        {"TND", 3}, {"CLF", 4}, {"UYW", 4}, {"TZS", 2}, {"ETB", 2}, {"SSP", 2}, {"CDF", 2}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int digits = -1;
        assert_true(currency_digits(slice_of(rows[i].code), &digits));
        assert_int_equal(digits, rows[i].digits);
    }
}

static void refuses_what_is_no_currency(void **state)
{
    static const char *const codes[] = {"", "K", "KE", "kes", "KESX", "KES ", "ES ", "S A", "XXX",
        "XAU", "XDR", "BGN", "HRK", "DEM"};
    int digits;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        assert_false(currency_digits(slice_of(codes[i]), &digits));
    }
    assert_false(currency_digits(slice_absent(), &digits));
}

static void reads_money(void **state)
{
    static const struct {
        const char *text;
        int digits;
        int64_t minor;
    } rows[] = {
        {"0", 2, 0},
        {"0.00", 2, 0},
        {"0.05", 2, 5},
        {"1250", 2, 125000},
        {"1250.5", 2, 125050},
        {"1250.50", 2, 125050},
        {"7", 0, 7},
        {"1.234", 3, 1234},
        {"1.0001", 4, 10001},
        {"9999999999999.99", 2, MONEY_MAX},
        {"999999999999999", 0, MONEY_MAX},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t minor = -1;
        assert_true(money_parse(slice_of(rows[i].text), rows[i].digits, &minor));
        assert_int_equal(minor, rows[i].minor);
    }
}

static void refuses_what_is_no_amount(void **state)
{
    static const struct {
        const char *text;
        int digits;
    } rows[] = {
        {"", 2},
        {"-1", 2},
        {"+1", 2},
        {" 1", 2},
        {"1 ", 2},
        {"1e2", 2},
        {"0x10", 2},
        {"1,250", 2},
        {".5", 2},
        {"5.", 2},
        {"1.2.3", 2},
        {"1.005", 2},
        {"1.000", 2},
        {"1.0", 0},
        {"007", 2},
        {"00", 2},
        {"\xef\xbc\x91\xef\xbc\x90", 2}, /* full-width digits */
        {"1000000000000000", 0},
        {"10000000000000", 2},
        {"1000000000000000", 2},
        {"999999999999999", 4},
        {"18446744073709551617", 2},
        {"99999999999999999999999999", 2},
        {"NaN", 2},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t minor;
        assert_false(money_parse(slice_of(rows[i].text), rows[i].digits, &minor));
    }
}

static void writes_money(void **state)
{
    static const struct {
        int64_t minor;
        int digits;
        const char *text;
    } rows[] = {{0, 2, "0.00"}, {5, 2, "0.05"}, {125050, 2, "1250.50"}, {7, 0, "7"},
        {1234, 3, "1.234"}, {1, 4, "0.0001"}, {MONEY_MAX, 2, "9999999999999.99"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf buf;
        buf_init(&buf, 64);
        buf_put_money(&buf, rows[i].minor, rows[i].digits);
        assert_true(slice_equal(buf_slice(&buf), slice_of(rows[i].text)));
        buf_deinit(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_digits_of_currencies),
        cmocka_unit_test(refuses_what_is_no_currency),
        cmocka_unit_test(reads_money),
        cmocka_unit_test(refuses_what_is_no_amount),
        cmocka_unit_test(writes_money),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
