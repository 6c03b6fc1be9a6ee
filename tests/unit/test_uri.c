/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Normal forms of URLs: what is the same, what is not, what is none.
 */
#include "auth/uri.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
    const char *url, *normal; /* NULL: no URL */
};

static void check_row(const struct row *row)
{
    CLEANUP(buf_deinit)
    struct buf out;
    buf_init(&out, 1024);
    bool good = uri_put_normal(&out, slice_of(row->url));
    assert_int_equal(good, row->normal != NULL);
    if (good) assert_true(slice_equal(buf_slice(&out), slice_of(row->normal)));
}

static void brings_into_one_form(void **state)
{
    static const struct row rows[] = {
        {"https://a.example/v1/orders", "https://a.example/v1/orders"},
        {"HTTPS://A.Example/V1", "https://a.example/V1"},
        {"https://a.example", "https://a.example/"},
        {"https://a.example?x", "https://a.example/"},
        {"https://a.example/?x=/#y", "https://a.example/"},
        {"https://a.example/v1#y?z", "https://a.example/v1"},
        {"https://a.example:443/", "https://a.example/"},
        {"https://a.example:/", "https://a.example/"},
        {"https://a.example:80/", "https://a.example:80/"},
        {"http://a.example:80/", "http://a.example/"},
        {"http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"},
        {"http://[::1]:80/v1", "http://[::1]/v1"},
        {"http://[::1]/v1", "http://[::1]/v1"},
        {"http://[::A]:81/v1", "http://[::a]:81/v1"},
        {"http://a.example:0081/v1", "http://a.example:81/v1"},
        {"https://a.example/%7ex/%41%2f%c3", "https://a.example/~x/A%2F%C3"},
        {"https://a.example/a//b/", "https://a.example/a//b/"},
        {"https://a.example/a/../b", "https://a.example/a/../b"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) check_row(&rows[i]);
}

static void refuses_what_is_no_url(void **state)
{
    static const struct row rows[] = {
        {"", NULL},
        {"/v1/orders", NULL},
        {"a.example/v1", NULL},
        {"ftp://a.example/", NULL},
        {"https:/a.example/", NULL},
        {"https:a.example", NULL},
        {"https:///v1", NULL},
        {"https://:443/v1", NULL},
        {"https://a.example:443:/", NULL},
        {"https://a.example::443/", NULL},
        {"https://a.example:x/", NULL},
        {"https://a.example:65536/", NULL},
        {"https://me@a.example/", NULL},
        {"https://me:secret@a.example/", NULL},
        {"http://[::1/v1", NULL},
        {"http://[::1]x/v1", NULL},
        {"https://a.example/%", NULL},
        {"https://a.example/%4", NULL},
        {"https://a.example/%4g", NULL},
        {"https://a.example/%g4", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) check_row(&rows[i]);
}

static void keeps_its_bound(void **state)
{
    CLEANUP(buf_deinit)
    struct buf out;
    (void)state;
    buf_init(&out, 10);
    assert_false(uri_put_normal(&out, SLICE("https://a.example/")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brings_into_one_form),
        cmocka_unit_test(refuses_what_is_no_url),
        cmocka_unit_test(keeps_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
