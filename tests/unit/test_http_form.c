/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms: every name once, decoded once, or refused. Queries are the same text; test_target.c has their cases too.
 */
#include "http/form.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;

static enum err parse(const char *text, struct form *form)
{
    arena_reset(&arena);
    return form_parse(&arena, slice_of(text), form);
}

static void reads_fields(void **state)
{
    struct form form;
    (void)state;
    assert_int_equal(parse("a=1&b=%26%3d+%2B&c&=e&d=x=y&&", &form), ERR_OK);
    assert_int_equal(form.count, 5);
    assert_true(slice_equal(form_value(&form, SLICE("a")), SLICE("1")));
    assert_true(slice_equal(form_value(&form, SLICE("b")), SLICE("&= +")));
    assert_true(slice_present(form_value(&form, SLICE("c"))));
    assert_true(slice_equal(form_value(&form, SLICE("")), SLICE("e")));
    assert_true(slice_equal(form_value(&form, SLICE("d")), SLICE("x=y")));
    assert_false(slice_present(form_value(&form, SLICE("A"))));
}

static void reads_nothing(void **state)
{
    struct form form;
    (void)state;
    assert_int_equal(form_parse(&arena, slice_absent(), &form), ERR_OK);
    assert_int_equal(form.count, 0);
    assert_int_equal(parse("&&&", &form), ERR_OK);
    assert_int_equal(form.count, 0);
}

static void refuses(void **state)
{
    static const struct {
        const char *text;
        enum err err;
    } rows[] = {
        {"a=1&a=1", ERR_BAD_PARAMETER},
        {"a=1&%61=2", ERR_BAD_PARAMETER},
        {"a&a", ERR_BAD_PARAMETER},
        {"=&=", ERR_BAD_PARAMETER},
        {"a=%", ERR_MALFORMED},
        {"a=%4", ERR_MALFORMED},
        {"a=%zz", ERR_MALFORMED},
        {"a=%00", ERR_MALFORMED},
        {"a=%ff", ERR_MALFORMED},
        {"%ff=a", ERR_MALFORMED},
        {"a=b c", ERR_MALFORMED},
        {"a=\r\n", ERR_MALFORMED},
        {"a=\"", ERR_MALFORMED},
        {"{\"a\":1}", ERR_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct form form;
        assert_int_equal(parse(rows[i].text, &form), rows[i].err);
    }
}

static void bounds_the_fields(void **state)
{
    struct form form;
    struct buf text;
    (void)state;
    buf_init(&text, 4096);
    for (int i = 0; i < HTTP_PARAMETERS_MAX; i++) buf_printf(&text, "f%d=&", i);
    assert_int_equal(form_parse(&arena, buf_slice(&text), &form), ERR_OK);
    assert_int_equal(form.count, HTTP_PARAMETERS_MAX);
    buf_put_text(&text, "more");
    assert_int_equal(form_parse(&arena, buf_slice(&text), &form), ERR_UNKNOWN_PARAMETER);
    buf_deinit(&text);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_fields),
        cmocka_unit_test(reads_nothing),
        cmocka_unit_test(refuses),
        cmocka_unit_test(bounds_the_fields),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
