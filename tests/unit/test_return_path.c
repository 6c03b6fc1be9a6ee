/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Return paths (RP-26): ours stay as they are, everything else becomes "/".
 */
#include "auth/return_path.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

static void keeps_paths_of_ours(void **state)
{
    static const char *const paths[] = {"/", "/orders", "/orders?state=queued&page=2#top", "/a//b",
        "/customers/C%20D%C3%A9", "/auth", "/authors"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        assert_true(slice_equal(return_path(slice_of(paths[i])), slice_of(paths[i])));
    }
}

static void replaces_everything_else(void **state)
{
    static const char *const paths[] = {"", "orders", "//evil", "///evil", "/\\evil", "\\\\evil",
        "https://evil", "https:evil", "javascript:alert(1)", "/%09/evil", "/%0d%0aX:1", "/\t/evil",
        "/a\nb", "/a b", "/%2f/evil", "/%2F%2Fevil", "/%5cevil", "/a\\b", "/a\"b", "/<b>", "/%",
        "/%4", "/%zz", "/%7f", "/\x7f", "/\xc3\xa9", "/auth/login", "/auth/login?return=/", "/{a}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        assert_true(slice_equal(return_path(slice_of(paths[i])), SLICE("/")));
    }
    assert_true(slice_equal(return_path(slice_absent()), SLICE("/")));
    assert_true(slice_equal(return_path(SLICE("/a\0b")), SLICE("/")));
}

static void has_a_bound(void **state)
{
    char path[RETURN_PATH_MAX + 2];
    (void)state;
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    struct slice longest = {path, RETURN_PATH_MAX}, longer = {path, RETURN_PATH_MAX + 1};
    assert_true(slice_equal(return_path(longest), longest));
    assert_true(slice_equal(return_path(longer), SLICE("/")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_paths_of_ours),
        cmocka_unit_test(replaces_everything_else),
        cmocka_unit_test(has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
