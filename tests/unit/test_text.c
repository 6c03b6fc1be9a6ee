/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMS alphabets, units and parts.
 */
#include "sms/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/check.h"

#define EMOJI "\xf0\x9f\x98\x80"

/* `count` times `unit`, then `end`. */
static char *repeat(const char *unit, size_t count, const char *end)
{
    size_t len = strlen(unit);
    char *text = malloc(len * count + strlen(end) + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++) memcpy(text + i * len, unit, len);
    memcpy(text + len * count, end, strlen(end) + 1);
    return text;
}

static void expect(const char *text, enum message_encoding encoding, size_t units, int parts)
{
    struct text_size size = text_measure(slice_of(text));
    assert_int_equal(size.encoding, encoding);
    assert_int_equal(size.units, units);
    assert_int_equal(size.parts, parts);
}

static void expect_repeated(
    const char *unit, size_t count, const char *end, const struct text_size *size)
{
    char *text CLEANUP(memory_release)
    = repeat(unit, count, end);
    expect(text, size->encoding, size->units, size->parts);
}

static void knows_the_basic_alphabet(void **state)
{
    (void)state;
    expect(
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡", MESSAGE_GSM7, 64, 1);
    expect("ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà", MESSAGE_GSM7, 63, 1);
    expect("", MESSAGE_GSM7, 0, 1);
}

static void counts_the_extension_twice(void **state)
{
    (void)state;
    expect("^{}\\[]~|€\f", MESSAGE_GSM7, 20, 1);
}

static void everything_else_is_ucs2(void **state)
{
    static const char *const texts[] = {"`", "\t", "\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x93",
        "\xe2\x80\xa6", "ê", "ç", "ж", "\x01", "\x7f", "\xc2\xa0", "\xd8\xb4"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) expect(texts[i], MESSAGE_UCS2, 1, 1);
    expect("Order " EMOJI, MESSAGE_UCS2, 8, 1);
}

static void counts_parts_of_gsm7(void **state)
{
    (void)state;
    expect_repeated("a", 160, "", &(struct text_size){MESSAGE_GSM7, 160, 1});
    expect_repeated("a", 161, "", &(struct text_size){MESSAGE_GSM7, 161, 2});
    expect_repeated("a", 306, "", &(struct text_size){MESSAGE_GSM7, 306, 2});
    expect_repeated("a", 307, "", &(struct text_size){MESSAGE_GSM7, 307, 3});
    expect_repeated("a", 158, "{", &(struct text_size){MESSAGE_GSM7, 160, 1});
    expect_repeated("a", 159, "{", &(struct text_size){MESSAGE_GSM7, 161, 2});
    expect_repeated("{", 80, "", &(struct text_size){MESSAGE_GSM7, 160, 1});
}

/* 153 is odd: each part of nothing but pairs leaves one septet free, so 306 septets need three parts. */
static void never_splits_an_escape_pair(void **state)
{
    (void)state;
    expect_repeated("{", 152, "", &(struct text_size){MESSAGE_GSM7, 304, 2});
    expect_repeated("{", 153, "", &(struct text_size){MESSAGE_GSM7, 306, 3});
}

static void counts_parts_of_ucs2(void **state)
{
    (void)state;
    expect_repeated("ж", 70, "", &(struct text_size){MESSAGE_UCS2, 70, 1});
    expect_repeated("ж", 71, "", &(struct text_size){MESSAGE_UCS2, 71, 2});
    expect_repeated("ж", 134, "", &(struct text_size){MESSAGE_UCS2, 134, 2});
    expect_repeated("ж", 135, "", &(struct text_size){MESSAGE_UCS2, 135, 3});
    expect_repeated("a", 69, "ж", &(struct text_size){MESSAGE_UCS2, 70, 1});
}

static void never_splits_a_surrogate_pair(void **state)
{
    (void)state;
    expect_repeated(EMOJI, 35, "", &(struct text_size){MESSAGE_UCS2, 70, 1});
    expect_repeated(EMOJI, 66, "", &(struct text_size){MESSAGE_UCS2, 132, 2});
    expect_repeated(EMOJI, 67, "", &(struct text_size){MESSAGE_UCS2, 134, 3});
}

static void cuts_between_characters(void **state)
{
    struct slice text = SLICE("aé" EMOJI "b");
    (void)state;
    assert_true(slice_equal(text_head(text, 0), SLICE("")));
    assert_true(slice_equal(text_head(text, 2), SLICE("aé")));
    assert_true(slice_equal(text_head(text, 3), SLICE("aé" EMOJI)));
    assert_true(slice_equal(text_head(text, 99), text));
}

static void plain_text_fits_the_alphabet(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 4096);
    struct slice plain = text_plain(&arena,
        SLICE("\xe2\x80\x9cMaize\xe2\x80\x9d \xe2\x80\x93 90\xc2\xa0kg, farmer\xe2\x80\x99s "
              "`best`\xe2\x80\xa6 cr\xc3\xaape, gar\xc3\xa7on, \xc3\x89\xd0\xb6"));
    assert_true(slice_equal(
        plain, SLICE("\"Maize\" - 90 kg, farmer's 'best'... crepe, garcon, \xc3\x89\xd0\xb6")));
    struct slice plain_already = SLICE("Maize £5 {2 kg}");
    assert_ptr_equal(text_plain(&arena, plain_already).ptr, plain_already.ptr);
    assert_int_equal(text_plain(&arena, SLICE("")).len, 0);
    arena_deinit(&arena);
}

/* Texts are UTF-8 by contract; what is not must still be read within its bounds. */
static void survives_broken_utf8(void **state)
{
    (void)state;
    assert_int_equal(text_measure((struct slice){"\xf0\x9f", 2}).parts, 1);
    assert_int_equal(text_head((struct slice){"\xe2\x80", 2}, 1).len, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_basic_alphabet),
        cmocka_unit_test(counts_the_extension_twice),
        cmocka_unit_test(everything_else_is_ucs2),
        cmocka_unit_test(counts_parts_of_gsm7),
        cmocka_unit_test(never_splits_an_escape_pair),
        cmocka_unit_test(counts_parts_of_ucs2),
        cmocka_unit_test(never_splits_a_surrogate_pair),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(plain_text_fits_the_alphabet),
        cmocka_unit_test(survives_broken_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
