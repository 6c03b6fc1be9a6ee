/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The templates in use: what compiles, what is laid over what, which language stands for which.
 */
#include "sms/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct texts *texts;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    texts = texts_new();
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    texts_free(texts);
    arena_deinit(&arena);
    return 0;
}

static struct template row(enum message_event event, const char *language, const char *text)
{
    return (struct template){
        .event = event, .language = slice_of(language), .text = slice_of(text), .enabled = true};
}

static void expect(enum message_event event, const char *language, const char *code)
{
    struct text_choice choice = texts_find(texts, event, slice_of(language), &arena);
    if (!slice_equal(choice.full, slice_of(code))) fail_msg("%.*s", SLICE_ARG(choice.full));
}

static const char *fault_of(struct slice text)
{
    const char *fault;
    struct slice code;
    bool good = text_compile(text, &arena, &code, &fault);
    assert_int_equal(good, fault == NULL);
    return fault;
}

static void compiles_variables_to_one_byte(void **state)
{
    const char *fault;
    struct slice code;
    (void)state;
    assert_true(
        text_compile(SLICE("{name}, {item}\n{amount}{time} {reference}."), &arena, &code, &fault));
    assert_true(slice_equal(code, SLICE("\1, \2\n\3\4 \5.")));
}

static void refuses_what_is_no_template(void **state)
{
    static const char *const bad[] = {"", "{nmae}", "{Name}", "{name", "name}", "{}", "{{name}}",
        "{ name }", "{name}{name}{name}", "a\tb", "a\rb", "a\x7F", "a\1"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) assert_non_null(fault_of(slice_of(bad[i])));
    assert_non_null(fault_of((struct slice){"a\0b", 3}));
    assert_null(fault_of(SLICE("{name}{name} \xC3\xA9")));
}

static void bounds_the_length(void **state)
{
    char text[TEMPLATE_MAX + 1];
    (void)state;
    memset(text, 'x', sizeof(text));
    assert_null(fault_of((struct slice){text, TEMPLATE_MAX}));
    assert_non_null(fault_of((struct slice){text, TEMPLATE_MAX + 1}));
}

static void a_stored_one_lies_over_the_built_in_one(void **state)
{
    struct template rows[] = {row(MESSAGE_ORDER_RECEIVED, "en", "Hello {name}"),
        row(MESSAGE_ORDER_CHANGED, "fr", "Bonjour {name}")};
    (void)state;
    rows[1].enabled = false;
    texts_replace(texts, texts_ask(texts), rows, 2);
    expect(MESSAGE_ORDER_RECEIVED, "en", "Hello \1");
    expect(MESSAGE_ORDER_RECEIVED, "EN-gb", "Hello \1");
    expect(MESSAGE_ORDER_CHANGED, "fr-CA", "Bonjour \1");
    assert_false(texts_find(texts, MESSAGE_ORDER_CHANGED, SLICE("fr"), &arena).enabled);
    texts_replace(texts, texts_ask(texts), NULL, 0);
    struct text_choice choice = texts_find(texts, MESSAGE_ORDER_RECEIVED, SLICE("en"), &arena);
    assert_true(slice_starts(choice.full, SLICE("Dear \1")));
}

static void english_stands_for_what_nobody_has_written(void **state)
{
    const struct template mine = row(MESSAGE_ORDER_RECEIVED, "en", "Hello");
    (void)state;
    texts_replace(texts, texts_ask(texts), &mine, 1);
    expect(MESSAGE_ORDER_RECEIVED, "de", "Hello");
    struct text_choice none = texts_find(texts, MESSAGE_ORDER_RECEIVED, slice_absent(), &arena);
    assert_true(slice_equal(none.full, SLICE("Hello")));
    struct text_choice swahili = texts_find(texts, MESSAGE_ORDER_RECEIVED, SLICE("sw"), &arena);
    assert_true(slice_starts(swahili.full, SLICE("Mpendwa \1")));
    assert_true(slice_starts(swahili.brief, SLICE("Tumepokea")));
}

static void changes_and_cancellations_are_off_at_first(void **state)
{
    (void)state;
    assert_true(texts_find(texts, MESSAGE_ORDER_RECEIVED, SLICE("sw"), &arena).enabled);
    assert_false(texts_find(texts, MESSAGE_ORDER_CHANGED, SLICE("sw"), &arena).enabled);
    assert_false(texts_find(texts, MESSAGE_ORDER_CANCELLED, SLICE("en"), &arena).enabled);
}

/* Two workers read; the one that asked first hears last. */
static void an_answer_that_was_overtaken_is_not_used(void **state)
{
    const struct template old = row(MESSAGE_ORDER_RECEIVED, "en", "Old");
    const struct template new = row(MESSAGE_ORDER_RECEIVED, "en", "New");
    (void)state;
    assert_false(texts_loaded(texts));
    uint64_t first = texts_ask(texts), second = texts_ask(texts);
    texts_replace(texts, second, &new, 1);
    texts_replace(texts, first, &old, 1);
    assert_true(texts_loaded(texts));
    expect(MESSAGE_ORDER_RECEIVED, "en", "New");
}

static void leaves_out_what_a_newer_version_wrote(void **state)
{
    const struct template rows[] = {row(MESSAGE_ORDER_RECEIVED, "en", "{weather}"),
        row(MESSAGE_ORDER_RECEIVED, "sw", "Habari")};
    (void)state;
    texts_replace(texts, texts_ask(texts), rows, 2);
    struct text_choice choice = texts_find(texts, MESSAGE_ORDER_RECEIVED, SLICE("en"), &arena);
    assert_true(slice_starts(choice.full, SLICE("Dear \1")));
    expect(MESSAGE_ORDER_RECEIVED, "sw", "Habari");
}

#define TEXTS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEXTS_TEST(compiles_variables_to_one_byte),
        TEXTS_TEST(refuses_what_is_no_template),
        TEXTS_TEST(bounds_the_length),
        TEXTS_TEST(a_stored_one_lies_over_the_built_in_one),
        TEXTS_TEST(english_stands_for_what_nobody_has_written),
        TEXTS_TEST(changes_and_cancellations_are_off_at_first),
        TEXTS_TEST(an_answer_that_was_overtaken_is_not_used),
        TEXTS_TEST(leaves_out_what_a_newer_version_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
