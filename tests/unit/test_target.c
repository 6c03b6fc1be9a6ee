/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request target: decoded once, refused where it is none.
 */
#include "http/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "request_fixture.h"

static enum err parse(struct req *rq, const char *target)
{
    request_init(rq);
    rq->target = slice_of(target);
    return target_parse(rq);
}

static void decodes_the_path_once(void **state)
{
    static const struct {
        const char *target, *path;
    } rows[] = {
        {"/", "/"},
        {"/v1/orders", "/v1/orders"},
        {"/v1/orders?x", "/v1/orders"},
        {"/a%20b+c", "/a b+c"},
        {"/%2e%2E/%2f", "/..//"},
        {"/%252f", "/%2f"},
        {"/%e6%bc%a2", "/\xe6\xbc\xa2"},
        {"/-._~!$&'()*+,;=:@", "/-._~!$&'()*+,;=:@"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct req rq;
        assert_int_equal(parse(&rq, rows[i].target), ERR_OK);
        assert_true(slice_equal(rq.path, slice_of(rows[i].path)));
        request_deinit(&rq);
    }
}

static void decodes_parameters(void **state)
{
    struct req rq;
    (void)state;
    assert_int_equal(parse(&rq, "/x?a=1&&b&c=&d=%26%3D&e+f=g+h&i=j=k?/&"), ERR_OK);
    assert_int_equal(rq.parameter_count, 6);
    assert_true(slice_equal(req_parameter(&rq, SLICE("a")), SLICE("1")));
    assert_true(slice_present(req_parameter(&rq, SLICE("b"))));
    assert_int_equal(req_parameter(&rq, SLICE("b")).len, 0);
    assert_int_equal(req_parameter(&rq, SLICE("c")).len, 0);
    assert_true(slice_equal(req_parameter(&rq, SLICE("d")), SLICE("&=")));
    assert_true(slice_equal(req_parameter(&rq, SLICE("e f")), SLICE("g h")));
    assert_true(slice_equal(req_parameter(&rq, SLICE("i")), SLICE("j=k?/")));
    assert_false(slice_present(req_parameter(&rq, SLICE("z"))));
    request_deinit(&rq);
}

static void refuses_what_is_no_target(void **state)
{
    static const char *const rows[] = {"", "*", "v1/orders", "?a=1", "http://a/b", "a:80", "/ ",
        "/#", "/<", "/>", "/\"", "/{", "/}", "/|", "/\\", "/^", "/`", "/[", "/]", "/\x01", "/\x7f",
        "/\x80", "/%", "/%4", "/%zz", "/%4z", "/%z4", "/%%", "/%00", "/a%00b", "/%ff", "/%c0%af",
        "/%c3", "/%ed%a0%80", "/%f4%90%80%80", "/x?%00", "/x?a=%00", "/x?a=%zz", "/x?a=%",
        "/x?%ff=1", "/x?a=#"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct req rq;
        assert_int_equal(parse(&rq, rows[i]), ERR_MALFORMED);
        request_deinit(&rq);
    }
}

static void refuses_a_parameter_given_twice(void **state)
{
    static const char *const rows[] = {"/x?a=1&a=1", "/x?a&a", "/x?a=1&b=2&%61=3"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct req rq;
        assert_int_equal(parse(&rq, rows[i]), ERR_BAD_PARAMETER);
        request_deinit(&rq);
    }
}

static void bounds_the_parameters(void **state)
{
    char target[8 * (HTTP_PARAMETERS_MAX + 2)] = "/x?&";
    (void)state;
    for (size_t i = 0; i <= HTTP_PARAMETERS_MAX; i++) {
        struct req rq;
        size_t len = strlen(target);
        snprintf(target + len, sizeof(target) - len, "p%zu&&", i);
        enum err err = parse(&rq, target);
        assert_int_equal(err, i < HTTP_PARAMETERS_MAX ? ERR_OK : ERR_UNKNOWN_PARAMETER);
        request_deinit(&rq);
    }
}

static void bounds_the_length(void **state)
{
    static char target[HTTP_TARGET_MAX + 2] = "/";
    struct req rq;
    (void)state;
    memset(target + 1, 'a', HTTP_TARGET_MAX - 1);
    assert_int_equal(parse(&rq, target), ERR_OK);
    request_deinit(&rq);
    target[HTTP_TARGET_MAX] = 'a';
    assert_int_equal(parse(&rq, target), ERR_TARGET_TOO_LONG);
    request_deinit(&rq);
}

/* RFC 3986 §3.3, §3.4: pchar, "/" and "?"; a "%" needs its two digits. */
static void takes_only_characters_of_a_target(void **state)
{
    static const char plain[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "-._~!$&'()*+,;=:@/?";
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        struct req rq;
        const char target[] = {'/', (char)byte, '\0'};
        enum err expected = strchr(plain, byte) ? ERR_OK : ERR_MALFORMED;
        assert_int_equal(parse(&rq, target), expected);
        request_deinit(&rq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_only_characters_of_a_target),
        cmocka_unit_test(decodes_the_path_once),
        cmocka_unit_test(decodes_parameters),
        cmocka_unit_test(refuses_what_is_no_target),
        cmocka_unit_test(refuses_a_parameter_given_twice),
        cmocka_unit_test(bounds_the_parameters),
        cmocka_unit_test(bounds_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
