/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cookies: ours is found among others, and goes out with the attributes that keep it ours.
 */
#include "http/cookie.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "request_fixture.h"

static size_t find(const char *header, const char *more, struct slice *value)
{
    static struct field fields[3];
    static struct req rq;
    fields[0] = (struct field){SLICE("Host"), SLICE("__Host-a=no")};
    fields[1] = (struct field){SLICE("cookie"), slice_of(header)};
    fields[2] = (struct field){SLICE("Cookie"), slice_of(more)};
    rq = (struct req){.fields = fields, .field_count = more ? 3 : 2};
    return cookie_find(&rq, SLICE("__Host-a"), value);
}

static void finds_ours(void **state)
{
    static const struct {
        const char *header, *more;
        size_t count;
        const char *value;
    } rows[] = {
        {"__Host-a=1", NULL, 1, "1"},
        {"__Host-a=", NULL, 1, ""},
        {"__Host-a=1=2", NULL, 1, "1=2"},
        {"b=2; __Host-a=1; c=3", NULL, 1, "1"},
        {"b=2;__Host-a=1;", NULL, 1, "1"},
        {" ; =; ;b;__Host-a=1", NULL, 1, "1"},
        {"b=2", "__Host-a=1", 1, "1"},
        {"b=\"x; __Host-a=1", NULL, 1, "1"},
        {"__Host-a=1; __Host-a=2", NULL, 2, "1"},
        {"__Host-a=1", "__Host-a=2", 2, "1"},
        {"__Host-a=; __Host-a=2", NULL, 2, ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice value;
        assert_int_equal(find(rows[i].header, rows[i].more, &value), rows[i].count);
        assert_true(slice_equal(value, slice_of(rows[i].value)));
    }
}

static void takes_no_other_for_ours(void **state)
{
    static const char *const rows[] = {"", "b=1", "__host-a=1", "__Host-ab=1", "x__Host-a=1",
        "__Host-a", "__Host-a 1", "__Host-a =1", "b=__Host-a=1", "b,__Host-a=1", "\"__Host-a\"=1",
        "__Secure-a=1", "=__Host-a=1"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice value;
        assert_int_equal(find(rows[i], NULL, &value), 0);
        assert_false(slice_present(value));
    }
}

static void assert_set(const struct req *rq, size_t index, const char *expected)
{
    assert_true(slice_equal(rq->reply.fields[index].name, SLICE("Set-Cookie")));
    assert_true(slice_equal(rq->reply.fields[index].value, slice_of(expected)));
}

static void sets_for_this_host_alone(void **state)
{
    struct req rq;
    (void)state;
    request_init(&rq);
    cookie_set(&rq, SLICE("__Host-a"), SLICE("x-_"), 0);
    cookie_set(&rq, SLICE("__Host-b"), SLICE("y"), 600);
    cookie_clear(&rq, SLICE("__Host-c"));
    assert_int_equal(rq.reply.field_count, 3);
    assert_set(&rq, 0, "__Host-a=x-_; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert_set(&rq, 1, "__Host-b=y; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600");
    assert_set(&rq, 2, "__Host-c=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    request_deinit(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_ours),
        cmocka_unit_test(takes_no_other_for_ours),
        cmocka_unit_test(sets_for_this_host_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
