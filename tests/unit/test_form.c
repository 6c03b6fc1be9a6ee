/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms and Basic credentials, byte by byte.
 */
#include "auth/form.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct buf out;

static int set_up(void **state)
{
    (void)state;
    buf_init(&out, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_deinit(&out);
    return 0;
}

static void assert_out(const char *expected)
{
    assert_true(buf_ok(&out));
    assert_true(slice_equal(buf_slice(&out), slice_of(expected)));
}

static void joins_fields(void **state)
{
    (void)state;
    form_put(&out, "token", SLICE("a~b+c/d=="));
    form_put(&out, "hint", SLICE("access_token"));
    form_put(&out, "none", SLICE(""));
    assert_out("token=a%7Eb%2Bc%2Fd%3D%3D&hint=access_token&none=");
}

static void encodes_every_other_byte(void **state)
{
    (void)state;
    form_put(&out, "v", SLICE("AZaz09*-._ %&:?#\n\x7f\xc3\xa9"));
    assert_out("v=AZaz09%2A-._%20%25%26%3A%3F%23%0A%7F%C3%A9");
}

/* IN-09: base64 of "agi-zo%3A1:s-%2B%25%3Ax". */
static void encodes_credentials_before_joining(void **state)
{
    (void)state;
    form_put_basic(&out, SLICE("agi-zo:1"), SLICE("s-+%:x"));
    assert_out("Basic YWdpLXpvJTNBMTpzLSUyQiUyNSUzQXg=");
}

static void pads_credentials(void **state)
{
    (void)state;
    form_put_basic(&out, SLICE("a"), SLICE(""));
    assert_out("Basic YTo=");
    buf_reset(&out);
    form_put_basic(&out, SLICE("ab"), SLICE(""));
    assert_out("Basic YWI6");
    buf_reset(&out);
    form_put_basic(&out, SLICE("abc"), SLICE(""));
    assert_out("Basic YWJjOg==");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(joins_fields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(encodes_every_other_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(encodes_credentials_before_joining, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pads_credentials, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
