/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limit for each peer: what comes at once, what comes after, who loses a place, and many threads on one bucket.
 */
#include "core/rate_limit.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/clock.h"

#define SECOND INT64_C(1000000)
#define PEER 0x7f000001

/* How many of `tries` pass at this time. */
static size_t spend(struct rate_limit *limit, uint64_t peer, size_t tries, int64_t now_us)
{
    size_t passed = 0;
    for (size_t i = 0; i < tries; i++) passed += rate_limit_spend(limit, peer, now_us);
    return passed;
}

static void passes_a_burst_and_then_so_many_a_second(void **state)
{
    struct rate_limit *limit = rate_limit_new(50, 200);
    int64_t now = clock_mono_us();
    (void)state;
    assert_int_equal(spend(limit, PEER, 1000, now), 200);
    assert_int_equal(spend(limit, PEER, 10, now + SECOND / 50 - 1), 0);
    assert_int_equal(spend(limit, PEER, 10, now + SECOND / 50), 1);
    assert_int_equal(spend(limit, PEER, 1000, now + SECOND), 49);
    assert_int_equal(spend(limit, PEER, 1000, now + 2 * SECOND), 50);
    rate_limit_free(limit);
}

/* What is not used is kept, but no more than a burst. */
static void a_bucket_is_full_again_and_no_fuller(void **state)
{
    struct rate_limit *limit = rate_limit_new(10, 3);
    int64_t now = clock_mono_us();
    (void)state;
    assert_int_equal(spend(limit, PEER, 100, now), 3);
    assert_int_equal(spend(limit, PEER, 100, now + SECOND / 5), 2);
    assert_int_equal(spend(limit, PEER, 100, now + 3600 * SECOND), 3);
    rate_limit_free(limit);
}

static void one_in_a_burst_is_one_at_a_time(void **state)
{
    struct rate_limit *limit = rate_limit_new(10000, 1);
    int64_t now = clock_mono_us();
    (void)state;
    assert_int_equal(spend(limit, PEER, 10, now), 1);
    assert_int_equal(spend(limit, PEER, 10, now + 99), 0);
    assert_int_equal(spend(limit, PEER, 10, now + 100), 1);
    rate_limit_free(limit);
}

/* A refused try costs nothing: who goes on trying still gets the rate. */
static void a_refusal_costs_nothing(void **state)
{
    struct rate_limit *limit = rate_limit_new(1, 1);
    int64_t now = clock_mono_us();
    size_t passed = 0;
    (void)state;
    for (int64_t at = 0; at < 10 * SECOND; at += SECOND / 100) {
        passed += spend(limit, PEER, 1, now + at);
    }
    assert_int_equal(passed, 10);
    rate_limit_free(limit);
}

static void peers_have_their_own(void **state)
{
    struct rate_limit *limit = rate_limit_new(1, 5);
    int64_t now = clock_mono_us();
    (void)state;
    for (uint64_t peer = 0; peer < 1000; peer++) {
        assert_int_equal(spend(limit, peer, 10, now), 5);
        assert_int_equal(spend(limit, peer << 32 | UINT64_C(0x2001) << 48, 10, now), 5);
    }
    rate_limit_free(limit);
}

/* More peers than there is room for: whoever owes most keeps its place. */
static void a_crowd_does_not_forgive_the_greatest_debtor(void **state)
{
    struct rate_limit *limit = rate_limit_new(1, 100);
    int64_t now = clock_mono_us();
    (void)state;
    assert_int_equal(spend(limit, PEER, 200, now), 100);
    for (uint64_t peer = 1; peer < 100000; peer++) {
        assert_true(rate_limit_spend(limit, peer << 40, now));
    }
    assert_int_equal(spend(limit, PEER, 200, now), 0);
    rate_limit_free(limit);
}

struct crowd {
    struct rate_limit *limit;
    int64_t now_us;
    atomic_size_t passed;
};

static void *spend_all(void *context)
{
    struct crowd *crowd = context;
    atomic_fetch_add(&crowd->passed, spend(crowd->limit, PEER, 20000, crowd->now_us));
    return NULL;
}

static void many_threads_share_a_bucket(void **state)
{
    pthread_t threads[4];
    struct crowd crowd = {rate_limit_new(1, 30000), clock_mono_us(), 0};
    (void)state;
    assert_true(rate_limit_spend(crowd.limit, PEER, crowd.now_us));
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, spend_all, &crowd), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&crowd.passed), 29999);
    rate_limit_free(crowd.limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_a_burst_and_then_so_many_a_second),
        cmocka_unit_test(a_bucket_is_full_again_and_no_fuller),
        cmocka_unit_test(one_in_a_burst_is_one_at_a_time),
        cmocka_unit_test(a_refusal_costs_nothing),
        cmocka_unit_test(peers_have_their_own),
        cmocka_unit_test(a_crowd_does_not_forgive_the_greatest_debtor),
        cmocka_unit_test(many_threads_share_a_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
