/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From method and path to a route, or to the right refusal.
 */
#include "http/router.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "request_fixture.h"

static const struct route routes[] = {
    {.method = "GET", .path = "/a"},
    {.method = "POST", .path = "/a"},
    {.method = "GET", .path = "/a/{id}"},
    {.method = "PUT", .path = "/a/{id}/b/{name}"},
    {.method = "DELETE", .path = "/c"},
    {.method = "GET", .path = "/d", .visit = true},
};
static const struct route_table table = {.routes = routes, .count = ARRAY_LEN(routes)};

static enum err match(struct req *rq, const char *method, const char *path)
{
    request_init(rq);
    rq->method = slice_of(method);
    rq->path = slice_of(path);
    return router_match(rq, &table);
}

static void finds_routes(void **state)
{
    static const struct {
        const char *method, *path;
        size_t route;
        const char *arguments[ROUTE_PARAMETERS_MAX];
    } rows[] = {
        {"GET", "/a", 0, {NULL, NULL}},
        {"HEAD", "/a", 0, {NULL, NULL}},
        {"POST", "/a", 1, {NULL, NULL}},
        {"GET", "/a/1", 2, {"1", NULL}},
        {"HEAD", "/a/{id}", 2, {"{id}", NULL}},
        {"PUT", "/a/x y/b/..", 3, {"x y", ".."}},
        {"DELETE", "/c", 4, {NULL, NULL}},
        {"GET", "/d", 5, {NULL, NULL}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct req rq;
        assert_int_equal(match(&rq, rows[i].method, rows[i].path), ERR_OK);
        assert_ptr_equal(rq.route, &routes[rows[i].route]);
        for (size_t k = 0; k < ROUTE_PARAMETERS_MAX && rows[i].arguments[k]; k++) {
            assert_true(slice_equal(rq.arguments[k], slice_of(rows[i].arguments[k])));
        }
        request_deinit(&rq);
    }
}

static void finds_nothing_where_nothing_is(void **state)
{
    static const char *const rows[] = {"", "/", "/A", "/a/", "//a", "/a//", "/a/1/", "/a/1/b",
        "/a/1/b/", "/a/1/b/2/3", "/a/1/c/2", "/b", "a", "/ab", "/c/1"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct req rq;
        assert_int_equal(match(&rq, "GET", rows[i]), ERR_NOT_FOUND);
        assert_null(rq.route);
        assert_int_equal(rq.reply.field_count, 0);
        request_deinit(&rq);
    }
}

static void says_which_methods_there_are(void **state)
{
    static const struct {
        const char *method, *path, *allow;
    } rows[] = {
        {"PUT", "/a", "GET, HEAD, POST"},
        {"OPTIONS", "/a/1", "GET, HEAD"},
        {"GET", "/a/1/b/2", "PUT"},
        {"HEAD", "/c", "DELETE"},
        {"TRACE", "/c", "DELETE"},
        {"HEAD", "/d", "GET"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct req rq;
        assert_int_equal(match(&rq, rows[i].method, rows[i].path), ERR_METHOD_NOT_ALLOWED);
        assert_null(rq.route);
        assert_int_equal(rq.reply.field_count, 1);
        assert_true(slice_equal(rq.reply.fields[0].name, SLICE("Allow")));
        assert_true(slice_equal(rq.reply.fields[0].value, slice_of(rows[i].allow)));
        request_deinit(&rq);
    }
}

static void does_not_know_other_methods(void **state)
{
    static const char *const rows[] = {"", "get", "GETS", "BREW", "PROPFIND"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct req rq;
        assert_int_equal(match(&rq, rows[i], "/a"), ERR_NOT_IMPLEMENTED);
        request_deinit(&rq);
    }
}

/* An address that is wrong, of a proxy's settings or by a slip, is not found; the secret in it is a good one all the same. */
static void shows_no_secret(void **state)
{
    static const struct route_table secretive = {.secret_behind = "callbacks/"};
    static const char *const rows[][2] = {
        {"/v1/callbacks/vendor/secret/x", "/v1/callbacks/"},
        {"//v1/callbacks/vendor/secret", "//v1/callbacks/"},
        {"/V1/Callbacks/secret", "/V1/Callbacks/"},
        {"/callbacks/secret/callbacks/x", "/callbacks/"},
        {"/v1/callbacks/", "/v1/callbacks/"},
        {"/v1/callbacks", "/v1/callbacks"},
        {"/v1/orders", "/v1/orders"},
        {"/", "/"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice path = slice_of(rows[i][0]);
        assert_true(slice_equal(router_shown_path(path, &secretive), slice_of(rows[i][1])));
        assert_true(slice_equal(router_shown_path(path, &table), path));
    }
    assert_false(slice_present(router_shown_path(slice_absent(), &secretive)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_routes),
        cmocka_unit_test(finds_nothing_where_nothing_is),
        cmocka_unit_test(says_which_methods_there_are),
        cmocka_unit_test(does_not_know_other_methods),
        cmocka_unit_test(shows_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
