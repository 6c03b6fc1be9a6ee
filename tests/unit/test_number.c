/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phone numbers as people write them. Run with the word `listed` or `all`, it reads one number per line from stdin and answers each with a
 * line: the E.164 form, or `-`; tests/flow/number.test.mjs compares these with libphonenumber's.
 */
#include "sms/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/check.h"

static void reads_usual_writings(void **state)
{
    static const struct {
        const char *text, *number;
    } rows[] = {
        {"0712345678", "+254712345678"},
        {"0112345678", "+254112345678"},
        {"712345678", "+254712345678"},
        {"112345678", "+254112345678"},
        {"254712345678", "+254712345678"},
        {"+254712345678", "+254712345678"},
        {"00254712345678", "+254712345678"},
        {"000254712345678", "+254712345678"},
        {" +254 712 345 678 ", "+254712345678"},
        {"(0712) 345-678", "+254712345678"},
        {"0712.345.678", "+254712345678"},
        {"(+254) 712 345678", "+254712345678"},
        {"+254799999999", "+254799999999"},
        {"+254100000000", "+254100000000"},
        {"+254199000000", "+254199000000"},
        {"+256700123456", "+256700123456"},
        {"000256 772 123456", "+256772123456"},
        {"+255621123456", "+255621123456"},
        {"+250781234567", "+250781234567"},
        {"+25779123456", "+25779123456"},
        {"+251911234567", "+251911234567"},
        {"+211921234567", "+211921234567"},
        {"+243811234567", "+243811234567"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char number[NUMBER_MAX];
        const char *fault;
        assert_true(number_parse(slice_of(rows[i].text), NUMBER_LISTED, number, &fault));
        assert_null(fault);
        assert_string_equal(number, rows[i].number);
    }
}

static void refuses(const char *text, const char *words)
{
    char number[NUMBER_MAX];
    const char *fault = NULL;
    assert_false(number_parse(slice_of(text), NUMBER_LISTED, number, &fault));
    assert_non_null(fault);
    if (!strstr(fault, words)) fail_msg("%s: %s", text, fault);
}

static void refuses_what_is_no_number(void **state)
{
    static const char *const texts[] = {"", " ", "+", "-", "abc", "0712345678x12",
        "0712345678,0712345679", "0712345678;1", "07123\n45678", "++254712345678", "254+712345678",
        "0712345678\t", "\xd9\xa0\xd9\xa7\xd9\xa1\xd9\xa2", "0712\u00a0345678"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) refuses(texts[i], "must hold only digits");
    refuses(NULL, "must hold only digits");
}

static void refuses_numbers_without_a_country(void **state)
{
    static const char *const texts[] = {"12345678", "512345678", "912345678", "071234567",
        "07123456789", "256712345678", "25471234567", "0", "000", "00", "+0712345678",
        "+012345678"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char number[NUMBER_MAX];
        const char *fault;
        assert_false(number_parse(slice_of(texts[i]), NUMBER_LISTED, number, &fault));
    }
    refuses("256712345678", "begin with +");
    refuses("+0712345678", "begin with +");
}

static void refuses_wrong_lengths(void **state)
{
    (void)state;
    refuses("+25471234567", "digits for its country");
    refuses("+2547123456789", "digits for its country");
    refuses("+2540712345678", "digits for its country");
    refuses("+257791234567", "digits for its country");
    refuses("+2547", "digits for its country");
    refuses("+254712345678901234567890", "digits for its country");
    refuses("0000254712345678", "begin with +");
}

static void refuses_landlines(void **state)
{
    (void)state;
    refuses("0201234567", "not a mobile number");
    refuses("+254202123456", "not a mobile number");
    refuses("+254800123456", "not a mobile number");
    refuses("+256414123456", "not a mobile number");
    refuses("+25722123456", "not a mobile number");
}

static void refuses_other_countries(void **state)
{
    (void)state;
    refuses("+447911123456", "country that SMS are not sent to");
    refuses("+12025550123", "country that SMS are not sent to");
    refuses("00491711234567", "country that SMS are not sent to");
}

static void takes_other_countries_where_it_may(void **state)
{
    static const struct {
        const char *text, *number;
    } rows[] = {
        {"+44 7911 123456", "+447911123456"},
        {"+1 (202) 555-0123", "+12025550123"},
        {"00491711234567", "+491711234567"},
        {"000491711234567", "+491711234567"},
        {"+29012345", "+29012345"},
        {"+999123456789012", "+999123456789012"},
        {"0712345678", "+254712345678"},
    };
    static const char *const refused[] = {"+1234567", "+9991234567890123", "+0447911123456",
        "447911123456", "+254202123456", "+25471234567", "+44791112345x", "00447", "7911123456"};
    char number[NUMBER_MAX];
    const char *fault;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(number_parse(slice_of(rows[i].text), NUMBER_ALL, number, &fault));
        assert_string_equal(number, rows[i].number);
    }
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        assert_false(number_parse(slice_of(refused[i]), NUMBER_ALL, number, &fault));
        assert_non_null(fault);
    }
}

static void knows_both_reaches(void **state)
{
    enum number_reach reach;
    (void)state;
    assert_true(number_reach_parse(SLICE("listed"), &reach) && reach == NUMBER_LISTED);
    assert_true(number_reach_parse(SLICE("all"), &reach) && reach == NUMBER_ALL);
    assert_false(number_reach_parse(SLICE("ALL"), &reach));
    assert_false(number_reach_parse(SLICE(""), &reach));
}

/* The end of a slice is its length, not a NUL. */
static void reads_only_the_slice(void **state)
{
    char number[NUMBER_MAX];
    const char *fault;
    (void)state;
    assert_true(number_parse((struct slice){"07123456789", 10}, NUMBER_LISTED, number, &fault));
    assert_false(number_parse((struct slice){"0712345678\0", 11}, NUMBER_LISTED, number, &fault));
}

static int print_verdicts(enum number_reach reach)
{
    char line[64], number[NUMBER_MAX];
    const char *fault;
    while (fgets(line, sizeof(line), stdin)) {
        struct slice text = {line, strcspn(line, "\n")};
        puts(number_parse(text, reach, number, &fault) ? number : "-");
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_usual_writings),
        cmocka_unit_test(refuses_what_is_no_number),
        cmocka_unit_test(refuses_numbers_without_a_country),
        cmocka_unit_test(refuses_wrong_lengths),
        cmocka_unit_test(refuses_landlines),
        cmocka_unit_test(refuses_other_countries),
        cmocka_unit_test(takes_other_countries_where_it_may),
        cmocka_unit_test(knows_both_reaches),
        cmocka_unit_test(reads_only_the_slice),
    };
    enum number_reach reach;
    if (argc > 1 && number_reach_parse(slice_of(argv[1]), &reach)) return print_verdicts(reach);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
