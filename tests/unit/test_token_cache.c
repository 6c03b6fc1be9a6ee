/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of good tokens: hits, expiry, bounds, and that its entries may go while an identity is in use.
 */
#include "auth/token_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/check.h"

static struct arena arena;

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

static struct identity somebody(const char *subject)
{
    return (struct identity){
        .issuer = SLICE("https://id.example"),
        .subject = slice_of(subject),
        .client_id = SLICE("client"),
        .permissions = 5,
        .expires_at = 1000,
    };
}

static bool get(struct token_cache *cache, const char *token, int64_t now, struct identity *out)
{
    return token_cache_get(cache, slice_of(token), now, &arena, out);
}

static void gives_back_what_was_put(void **state)
{
    struct token_cache *cache = token_cache_new(4);
    struct identity identity = somebody("a"), found;
    (void)state;
    identity.customer_code = SLICE("C1");
    identity.is_customer = true;
    identity.thumbprint = SLICE("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    assert_false(get(cache, "token", 0, &found));
    token_cache_put(cache, SLICE("token"), &identity);
    assert_true(get(cache, "token", 999, &found));
    assert_false(get(cache, "tokeN", 999, &found));
    token_cache_clear(cache); /* the identity is a copy */
    assert_true(slice_equal(found.subject, SLICE("a")));
    assert_true(slice_equal(found.client_id, SLICE("client")));
    assert_true(slice_equal(found.customer_code, SLICE("C1")));
    assert_true(slice_equal(found.thumbprint, identity.thumbprint));
    assert_true(found.is_customer);
    assert_int_equal(found.permissions, 5);
    assert_int_equal(found.expires_at, 1000);
    token_cache_free(cache);
}

static void keeps_absent_texts_absent(void **state)
{
    struct token_cache *cache = token_cache_new(4);
    struct identity identity = somebody("a"), found;
    (void)state;
    token_cache_put(cache, SLICE("token"), &identity);
    assert_true(get(cache, "token", 0, &found));
    assert_false(slice_present(found.customer_code));
    assert_false(slice_present(found.thumbprint));
    token_cache_free(cache);
}

static void forgets_at_expiry(void **state)
{
    struct token_cache *cache = token_cache_new(4);
    struct identity identity = somebody("a"), found;
    (void)state;
    token_cache_put(cache, SLICE("token"), &identity);
    assert_false(get(cache, "token", 1000, &found));
    assert_int_equal(token_cache_count(cache), 0);
    token_cache_free(cache);
}

static void replaces_the_same_token(void **state)
{
    struct token_cache *cache = token_cache_new(4);
    struct identity first = somebody("a"), second = somebody("b"), found;
    (void)state;
    token_cache_put(cache, SLICE("token"), &first);
    token_cache_put(cache, SLICE("token"), &second);
    assert_int_equal(token_cache_count(cache), 1);
    assert_true(get(cache, "token", 0, &found));
    assert_true(slice_equal(found.subject, SLICE("b")));
    token_cache_free(cache);
}

static void drops_the_one_not_used_for_longest(void **state)
{
    struct token_cache *cache = token_cache_new(3);
    struct identity identity = somebody("a"), found;
    (void)state;
    token_cache_put(cache, SLICE("1"), &identity);
    token_cache_put(cache, SLICE("2"), &identity);
    token_cache_put(cache, SLICE("3"), &identity);
    assert_true(get(cache, "1", 0, &found));
    token_cache_put(cache, SLICE("4"), &identity);
    assert_int_equal(token_cache_count(cache), 3);
    assert_false(get(cache, "2", 0, &found));
    assert_true(get(cache, "1", 0, &found));
    assert_true(get(cache, "3", 0, &found));
    assert_true(get(cache, "4", 0, &found));
    token_cache_free(cache);
}

static void stays_within_its_bound(void **state)
{
    struct token_cache *cache = token_cache_new(64);
    struct identity identity = somebody("a"), found;
    char token[32];
    (void)state;
    for (int i = 0; i < 10000; i++) {
        snprintf(token, sizeof(token), "token-%d", i);
        token_cache_put(cache, slice_of(token), &identity);
    }
    assert_int_equal(token_cache_count(cache), 64);
    for (int i = 0; i < 10000; i++) {
        snprintf(token, sizeof(token), "token-%d", i);
        assert_int_equal(get(cache, token, 0, &found), i >= 10000 - 64);
    }
    token_cache_clear(cache);
    assert_int_equal(token_cache_count(cache), 0);
    assert_false(get(cache, "token-9999", 0, &found));
    token_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_put),
        cmocka_unit_test(keeps_absent_texts_absent),
        cmocka_unit_test(forgets_at_expiry),
        cmocka_unit_test(replaces_the_same_token),
        cmocka_unit_test(drops_the_one_not_used_for_longest),
        cmocka_unit_test(stays_within_its_bound),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
