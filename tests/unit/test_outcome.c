/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From verdicts to settlements: states, delays, limits.
 */
#include "sms/outcome.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW INT64_C(1000000000)

static struct verdict of(enum verdict_class class)
{
    return (struct verdict){.class = class,
        .retry_after_ms = -1,
        .reason = SLICE("why"),
        .provider_status = SLICE("1 x")};
}

static void gives_each_class_its_state(void **state)
{
    static const struct {
        enum verdict_class class;
        enum message_state state;
    } rows[] = {
        {VERDICT_ACCEPTED, MESSAGE_ACCEPTED},
        {VERDICT_RETRY, MESSAGE_QUEUED},
        {VERDICT_RETRY_LIMITED, MESSAGE_QUEUED},
        {VERDICT_ACCOUNT_STOP, MESSAGE_QUEUED},
        {VERDICT_PERMANENT, MESSAGE_DEAD},
        {VERDICT_PERMANENT_SUPPRESS, MESSAGE_SUPPRESSED},
        {VERDICT_UNKNOWN, MESSAGE_UNKNOWN},
    };
    struct message message = {.attempts = 1, .id = uuid_new()};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct verdict verdict = of(rows[i].class);
        struct settlement item = outcome_settle(&verdict, &message, NOW);
        assert_int_equal(item.state, rows[i].state);
        assert_true(uuid_equal(item.id, message.id));
        assert_int_equal(item.sent_at, item.state == MESSAGE_ACCEPTED ? NOW : 0);
        assert_true(slice_present(item.failure));
        struct slice why = item.state == MESSAGE_ACCEPTED ? SLICE("") : SLICE("why");
        assert_true(slice_equal(item.failure, why));
        assert_int_equal(item.suppress, rows[i].class == VERDICT_PERMANENT_SUPPRESS);
        assert_false(item.attempt_refunded);
    }
}

static void backs_off_exponentially(void **state)
{
    (void)state;
    assert_int_equal(outcome_backoff_ms(0, 2000, 900000), 2000);
    assert_int_equal(outcome_backoff_ms(1, 2000, 900000), 2000);
    assert_int_equal(outcome_backoff_ms(2, 2000, 900000), 4000);
    assert_int_equal(outcome_backoff_ms(9, 2000, 900000), 512000);
    assert_int_equal(outcome_backoff_ms(10, 2000, 900000), 900000);
    assert_int_equal(outcome_backoff_ms(1000000, 2000, 900000), 900000);
}

static void jitters_over_the_whole_back_off(void **state)
{
    struct verdict verdict = of(VERDICT_RETRY);
    struct message message = {.attempts = 3};
    int64_t least = INT64_MAX, most = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t delay = outcome_settle(&verdict, &message, NOW).due_at - NOW;
        if (delay < least) least = delay;
        if (delay > most) most = delay;
    }
    /* Of 1,000 values uniform in 0..8000, all above 400 or below 7600 has a chance of 10^-22. */
    assert_in_range(least, 0, 400);
    assert_in_range(most, 7600, 8000);
}

static void waits_as_long_as_asked(void **state)
{
    struct verdict verdict = of(VERDICT_RETRY);
    struct message message = {.attempts = 9};
    (void)state;
    verdict.retry_after_ms = 7000;
    verdict.flags = VERDICT_SLOW | VERDICT_REFUND;
    struct settlement item = outcome_settle(&verdict, &message, NOW);
    assert_int_equal(item.due_at, NOW + 7000);
    assert_true(item.attempt_refunded);
}

static void a_stopped_account_costs_no_attempt(void **state)
{
    struct verdict verdict = of(VERDICT_ACCOUNT_STOP);
    struct message message = {.attempts = 1};
    (void)state;
    verdict.flags = VERDICT_REFUND;
    struct settlement item = outcome_settle(&verdict, &message, NOW);
    assert_int_equal(item.due_at, NOW);
    assert_true(item.attempt_refunded);
}

static void limited_retries_end(void **state)
{
    struct verdict verdict = of(VERDICT_RETRY_LIMITED);
    struct message message = {.attempts = 1};
    (void)state;
    verdict.retries = 2;
    assert_int_equal(outcome_settle(&verdict, &message, NOW).state, MESSAGE_QUEUED);
    message.provider_status = verdict.provider_status;
    message.attempts = 2;
    assert_int_equal(outcome_settle(&verdict, &message, NOW).state, MESSAGE_QUEUED);
    message.attempts = 3;
    assert_int_equal(outcome_settle(&verdict, &message, NOW).state, MESSAGE_DEAD);
}

/* Attempts that failed for another reason do not use them up. */
static void a_new_refusal_gets_its_retry(void **state)
{
    struct verdict verdict = of(VERDICT_RETRY_LIMITED);
    struct message message = {.attempts = 7, .provider_status = SLICE("HTTP 503")};
    (void)state;
    verdict.retries = 1;
    verdict.delay_ms = 3600000;
    struct settlement item = outcome_settle(&verdict, &message, NOW);
    assert_int_equal(item.state, MESSAGE_QUEUED);
    assert_int_equal(item.due_at, NOW + 3600000);
}

static void a_released_message_goes_back_as_it_came(void **state)
{
    struct message message = {.id = uuid_new(), .attempts = 4};
    (void)state;
    struct settlement item = outcome_release(&message, NOW);
    assert_int_equal(item.state, MESSAGE_QUEUED);
    assert_int_equal(item.due_at, NOW);
    assert_true(item.attempt_refunded);
    assert_true(uuid_equal(item.id, message.id));
    assert_false(slice_present(item.failure));
}

static void what_is_put_off_says_why(void **state)
{
    struct message message = {.id = uuid_new(), .attempts = 1};
    (void)state;
    struct settlement item = outcome_put_off(&message, NOW + 5, SLICE("night"));
    assert_int_equal(item.state, MESSAGE_QUEUED);
    assert_int_equal(item.due_at, NOW + 5);
    assert_true(item.attempt_refunded);
    assert_true(slice_equal(item.failure, SLICE("night")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_each_class_its_state),
        cmocka_unit_test(backs_off_exponentially),
        cmocka_unit_test(jitters_over_the_whole_back_off),
        cmocka_unit_test(waits_as_long_as_asked),
        cmocka_unit_test(a_stopped_account_costs_no_attempt),
        cmocka_unit_test(limited_retries_end),
        cmocka_unit_test(a_new_refusal_gets_its_retry),
        cmocka_unit_test(what_is_put_off_says_why),
        cmocka_unit_test(a_released_message_goes_back_as_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
