/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which JSON texts are taken and which are refused (rows J01 to J06 of the list of attacks), and texts there and back.
 */
#include "core/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/clock.h"
#include "core/random.h"

#define DEPTH_MAX 64

static json_t *decode(struct slice text, const char **fault)
{
    *fault = "unset";
    return json_decode_exact(text, DEPTH_MAX, fault);
}

static void assert_taken(struct slice text)
{
    const char *fault;
    CLEANUP(json_release)
    json_t *value = decode(text, &fault);
    if (!value) fail_msg("refused (%s): %.*s", fault, SLICE_ARG(text));
    assert_null(fault);
}

static void assert_refused(struct slice text, const char *why)
{
    const char *fault;
    CLEANUP(json_release)
    json_t *value = decode(text, &fault);
    if (value) fail_msg("accepted: %.*s", SLICE_ARG(text));
    if (!strstr(fault, why)) fail_msg("%.*s: %s", SLICE_ARG(text), fault);
}

static void j01_texts_of_the_suites(void **state)
{
    static const char *const good[] = {"{}", "[]", "0", "-1", "1.5e+3", "\"\"", "true", "false",
        "null", " \t\r\n[ ] ", "[[],{}]", "{\"\":0}", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
        "\"\\ud83d\\ude00\"", "\"\x7f\"", "\"\xe2\x80\xa8\"", "[1E3,1e-2]"};
    static const char *const bad[] = {"[", "]", "{", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{a:1}", "[1 2]", "\"", "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "\"\t\"", "01",
        "-", "+1", ".5", "1.", "1e", "0x10", "tru", "TRUE", "[1}", "{]", "\"\\\"", "-01", "1e+"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) assert_taken(slice_of(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) assert_refused(slice_of(bad[i]), "");
    assert_refused(slice_absent(), "there is no JSON text");
    assert_refused(SLICE(" "), "ends too early");
}

static void j02_names_twice(void **state)
{
    (void)state;
    assert_refused(SLICE("{\"a\":1,\"a\":1}"), "stands twice");
    assert_refused(SLICE("{\"a\":1,\"\\u0061\":2}"), "stands twice");
    assert_refused(SLICE("[{\"b\":{\"a\":1,\"a\":2}}]"), "stands twice");
    assert_taken(SLICE("{\"a\":{\"a\":1},\"A\":2}"));
}

static struct buf nested;

static struct slice brackets(size_t depth)
{
    buf_reset(&nested);
    for (size_t i = 0; i < depth; i++) buf_put_char(&nested, '[');
    for (size_t i = 0; i < depth; i++) buf_put_char(&nested, ']');
    return buf_slice(&nested);
}

static void j03_depth(void **state)
{
    (void)state;
    assert_taken(brackets(DEPTH_MAX));
    assert_refused(brackets(DEPTH_MAX + 1), "nested too deeply");
    /* Brackets in texts do not count, escaped quotes do not end a text. */
    buf_reset(&nested);
    buf_put_text(&nested, "[\"\\\"");
    for (int i = 0; i < 100; i++) buf_put_text(&nested, "[{");
    buf_put_text(&nested, "\\\\\"]");
    assert_taken(buf_slice(&nested));
    struct slice million = brackets(1000000);
    int64_t best_us = INT64_MAX; /* of several, since other programs run beside this one */
    for (int i = 0; i < 20; i++) {
        int64_t start_us = clock_mono_us();
        assert_refused(million, "nested too deeply");
        int64_t taken_us = clock_mono_us() - start_us;
        if (taken_us < best_us) best_us = taken_us;
    }
    assert_true(best_us < 1000);
}

static void j04_numbers_are_exact_or_refused(void **state)
{
    static const char *const good[] = {"9223372036854775807", "-9223372036854775808", "-0", "1.0",
        "0.1", "123456789012.345", "1e200", "1e-200", "0.000000000000001"};
    static const char *const bad[] = {"9223372036854775808", "-9223372036854775809", "1e400",
        "-1e400", "1e-400", "5e-324", "0.30000000000000004", "123456789012345678901234567890",
        "1e99999999999999999999", "0.1234567890123456",
        "0.00000000000000000000000000000000000000000000000000000000000000001"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) assert_taken(slice_of(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) assert_refused(slice_of(bad[i]), "number");
    const char *fault;
    CLEANUP(json_release)
    json_t *least = decode(SLICE("-9223372036854775808"), &fault);
    assert_true(json_integer_value(least) == INT64_MIN);
}

static void j05_only_utf8_without_nul(void **state)
{
    (void)state;
    assert_refused(SLICE("\"\\ud800\""), "");
    assert_refused(SLICE("\"\\udc00\\ud800\""), "");
    assert_refused(SLICE("\"\\ud800x\""), "");
    assert_refused(SLICE("\"\xff\""), "UTF-8");
    assert_refused(SLICE("\"\xc0\xaf\""), "UTF-8");
    assert_refused(SLICE("\"\xed\xa0\x80\""), "UTF-8");
    assert_refused(SLICE("\"\xf4\x90\x80\x80\""), "UTF-8");
    assert_refused(SLICE("\"\xe2\x82\""), "UTF-8");
    assert_refused(SLICE("\"a\\u0000b\""), "NUL");
    assert_refused(SLICE("{\"a\\u0000b\":1}"), "NUL");
    assert_refused(SLICE("\"a\0b\""), "");
    assert_refused(SLICE("{}\0"), "");
}

static void j06_one_document_and_nothing_else(void **state)
{
    static const char *const bad[] = {"\xef\xbb\xbf{}", "{} {}", "{}x", "1 2", "NaN", "Infinity",
        "-Infinity", "[1,/*c*/2]", "{} // c", "{'a':1}", "{}#", "[1]]"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) assert_refused(slice_of(bad[i]), "");
    assert_refused(SLICE("{} 1"), "something follows");
}

static void texts_survive_escaping(void **state)
{
    char text[256];
    CLEANUP(buf_deinit)
    struct buf out;
    const char *fault;
    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < 127; i++) text[i] = (char)(i + 1);
    memcpy(text + 127, "é€😀", 9);
    json_put_text(&out, (struct slice){text, 136});
    CLEANUP(json_release)
    json_t *value = decode(buf_slice(&out), &fault);
    assert_true(slice_equal(json_text(value), (struct slice){text, 136}));
    for (size_t i = 0; i < out.len; i++) assert_true((unsigned char)out.ptr[i] >= 0x20);
    buf_reset(&out);
    json_put_text(&out, SLICE("a\"\\\n\r\t\x01\x7f"
                              "é"));
    assert_true(slice_equal(buf_slice(&out), SLICE("\"a\\\"\\\\\\n\\r\\t\\u0001\\u007fé\"")));
    buf_reset(&out);
    json_put_text(&out, slice_absent());
    assert_true(slice_equal(buf_slice(&out), SLICE("\"\"")));
}

static void text_of_other_values_is_absent(void **state)
{
    CLEANUP(json_release)
    json_t *number = json_integer(1);
    (void)state;
    assert_false(slice_present(json_text(number)));
    assert_false(slice_present(json_text(NULL)));
}

static void utf8_is_counted_by_code_points(void **state)
{
    (void)state;
    assert_true(utf8_valid(SLICE("aé€😀\xef\xbf\xbf\xf4\x8f\xbf\xbf")));
    assert_true(utf8_valid(slice_absent()));
    assert_int_equal(utf8_length(SLICE("aé€😀")), 4);
    assert_int_equal(utf8_sequence(SLICE("😀a")), 4);
    assert_int_equal(utf8_sequence(SLICE("\x80")), 0);
}

/* jansson's own check of UTF-8 as the second opinion. */
static void utf8_agrees_with_jansson(void **state)
{
    (void)state;
    for (int i = 0; i < 300000; i++) {
        unsigned char text[4];
        random_fill(text, sizeof(text));
        text[0] |= 0x80;
        for (size_t at = 1; at < sizeof(text); at++) {
            if (random_below(4)) text[at] = (unsigned char)((text[at] & 0x3f) | 0x80);
            if (text[at] == 0) text[at] = 'x';
        }
        json_t *theirs = json_stringn((const char *)text, sizeof(text));
        assert_true(
            utf8_valid((struct slice){(const char *)text, sizeof(text)}) == (theirs != NULL));
        json_decref(theirs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(j01_texts_of_the_suites),
        cmocka_unit_test(j02_names_twice),
        cmocka_unit_test(j03_depth),
        cmocka_unit_test(j04_numbers_are_exact_or_refused),
        cmocka_unit_test(j05_only_utf8_without_nul),
        cmocka_unit_test(j06_one_document_and_nothing_else),
        cmocka_unit_test(texts_survive_escaping),
        cmocka_unit_test(text_of_other_values_is_absent),
        cmocka_unit_test(utf8_is_counted_by_code_points),
        cmocka_unit_test(utf8_agrees_with_jansson),
    };
    buf_init(&nested, 1 << 22);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_deinit(&nested);
    return failed;
}
