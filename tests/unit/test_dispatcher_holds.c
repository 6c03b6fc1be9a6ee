/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds the dispatcher back, between a store and a gateway that fail as told: the switch, a stopped account, its paces, quiet hours, a cap on
 * a day's cost; and what is shown of it.
 */
#include <stdio.h>

#include "dispatcher_begin.h"

static int sends(void)
{
    return fake.sends;
}

static int probes(void)
{
    return fake.probes;
}

/* Waits for a hold; the picture is published at the end of a turn. */
static struct sms_status wait_for_hold(struct sms *sms, enum sms_hold hold, struct arena *arena)
{
    struct sms_status status;
    do {
        pthread_mutex_lock(&fake.mutex);
        int seen = fake.sweeps;
        pthread_mutex_unlock(&fake.mutex);
        sms_status(sms, arena, &status);
        if (status.hold != hold) wait_for(sweeps, seen + 1);
    } while (status.hold != hold);
    return status;
}

static void the_switch_is_heeded_at_once(void **state)
{
    struct sms_status status;
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    struct sms *sms = begin(0, good);
    wait_for(sweeps, 1);
    pthread_mutex_lock(&fake.mutex);
    fake.halted = true;
    pthread_mutex_unlock(&fake.mutex);
    sms_halt(sms, 1, SLICE("asha"));
    queue_messages(5);
    sms_nudge(sms);
    status = wait_for_hold(sms, SMS_HALTED, &arena);
    assert_true(status.since > 0);
    assert_true(slice_present(status.why));
    int seen = fake.sweeps;
    wait_for(sweeps, seen + 2);
    sms_status(sms, &arena, &status);
    assert_int_equal(status.halted_at, 7);
    assert_true(slice_equal(status.halted_by, SLICE("clerk")));
    assert_int_equal(fake.sends, 0);
    pthread_mutex_lock(&fake.mutex);
    fake.halted = false;
    pthread_mutex_unlock(&fake.mutex);
    sms_halt(sms, 0, slice_absent());
    wait_for(accepted, 5);
    assert_true(sms_close(sms, 10000));
    sms_halt(NULL, 1, slice_absent());
    arena_deinit(&arena);
}

static void the_switch_of_another_copy_is_heeded_within_a_second(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    struct sms *sms = begin(0, good);
    wait_for(sweeps, 1);
    pthread_mutex_lock(&fake.mutex);
    fake.halted = true;
    int64_t set = clock_mono_ms();
    int seen = fake.sweeps;
    pthread_mutex_unlock(&fake.mutex);
    wait_for(sweeps, seen + 1);
    assert_true(fake.swept_at_ms[seen] - set < 1000);
    (void)wait_for_hold(sms, SMS_HALTED, &arena);
    queue_messages(3);
    sms_nudge(sms);
    seen = fake.sweeps;
    wait_for(sweeps, seen + 2);
    assert_int_equal(fake.sends, 0);
    pthread_mutex_lock(&fake.mutex);
    fake.halted = false;
    pthread_mutex_unlock(&fake.mutex);
    wait_for(accepted, 3);
    assert_true(sms_close(sms, 10000));
    arena_deinit(&arena);
}

static void a_stopped_account_says_why(void **state)
{
    static const struct step steps[] = {
        {OUTBOUND_ANSWERED, 401, "no", false}, {OUTBOUND_ANSWERED, 200, NO_BALANCE, false}, {0}};
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    struct sms *sms = begin(1, steps);
    struct sms_status status = wait_for_hold(sms, SMS_STOPPED, &arena);
    assert_true(
        slice_equal(status.why, SLICE("the provider does not accept the user name and key")));
    int64_t since = status.since;
    assert_true(since > 0);
    assert_true(slice_equal(status.gateway, SLICE("africastalking")));
    wait_for(probes, 1);
    int seen = fake.sweeps;
    wait_for(sweeps, seen + 2);
    status = wait_for_hold(sms, SMS_STOPPED, &arena);
    assert_true(slice_equal(status.why, SLICE("the provider account has no balance left")));
    assert_int_equal(status.since, since);
    assert_int_equal(status.depth, 1);
    assert_true(sms_close(sms, 10000));
    arena_deinit(&arena);
}

/* Milliseconds between the first and the last of the calls from `first` on. */
static int64_t lasted(int first)
{
    return fake.sent_at_ms[fake.sends - 1] - fake.sent_at_ms[first];
}

static void after_an_account_stop_the_queue_drains_at_a_pace(void **state)
{
    static const struct step steps[] = {
        {OUTBOUND_ANSWERED, 401, "no", false},
        {OUTBOUND_ANSWERED, 200, BALANCE, false},
        {OUTBOUND_ANSWERED, 201, ACCEPTED, false},
        {0},
    };
    struct config settings = config;
    struct sms_status status;
    struct arena arena;
    (void)state;
    settings.sms_in_flight = 1;
    settings.sms_resume_rate = 20;
    arena_init(&arena, 1 << 20);
    struct sms *sms = begin_with(&settings, 12, steps);
    wait_for(sends, 4);
    sms_status(sms, &arena, &status);
    assert_int_equal(status.rate, 20);
    wait_for(accepted, 12);
    assert_true(
        lasted(2) >= 400); /* the first two are the stopped one and the trial: ten at 20 a second */
    int paced = fake.sends, seen = fake.sweeps;
    wait_for(sweeps, seen + 2); /* the next claim finds nothing */
    queue_messages(50);
    sms_nudge(sms);
    wait_for(accepted, 62);
    assert_true(sms_close(sms, 10000));
    assert_true(lasted(paced) < 2000); /* at 20 a second: 2,450 */
    arena_deinit(&arena);
}

static void keeps_to_its_rate(void **state)
{
    struct config settings = config;
    (void)state;
    settings.sms_rate = 40;
    struct sms *sms = begin_with(&settings, 24, good);
    wait_for(accepted, 24);
    assert_true(sms_close(sms, 10000));
    assert_true(lasted(0) >= 450); /* 24 less the bucket's 4, at 40 a second */
}

static void after_a_pause_one_call_goes_first(void **state)
{
    static const struct step steps[] = {{OUTBOUND_NOT_SENT, 0, NULL, false},
        {OUTBOUND_NOT_SENT, 0, NULL, false}, {OUTBOUND_NOT_SENT, 0, NULL, false},
        {OUTBOUND_NOT_SENT, 0, NULL, false}, {OUTBOUND_ANSWERED, 201, ACCEPTED, true}, {0}};
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    struct sms *sms = begin(20, steps);
    wait_for(held, 1);
    int seen = fake.sweeps;
    wait_for(sweeps, seen + 2);
    struct sms_status status = wait_for_hold(sms, SMS_TRIAL, &arena);
    assert_true(slice_equal(status.why, SLICE("the provider could not be reached")));
    assert_int_equal(status.in_flight, 1);
    assert_int_equal(fake.sends, 5);
    let_go(&good[0]);
    wait_for(held, 4);
    pthread_mutex_lock(&fake.mutex);
    fake.steps = good;
    pthread_mutex_unlock(&fake.mutex);
    let_go(&good[0]);
    wait_for(accepted, 20);
    assert_true(sms_close(sms, 10000));
    arena_deinit(&arena);
}

/* In quiet hours from an hour ago to an hour from now, by East Africa's clock. */
static void quiet_hours_put_messages_off(void **state)
{
    struct config settings = config;
    char hours[32];
    (void)state;
    int64_t minute = (clock_wall_ms() / 60000 + 180) % 1440, from = (minute + 1380) % 1440,
            to = (minute + 60) % 1440;
    snprintf(hours, sizeof(hours), "%02d:%02d-%02d:%02d", (int)(from / 60), (int)(from % 60),
        (int)(to / 60), (int)(to % 60));
    settings.sms_quiet_hours = hours;
    struct sms *sms = begin_with(&settings, 3, good);
    wait_for(settles, 1);
    int64_t now = clock_wall_ms();
    assert_int_equal(fake.sends, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fake.rows[i].state, MESSAGE_QUEUED);
        assert_int_equal(fake.rows[i].attempts, 0);
        assert_true(slice_present(fake.rows[i].failure));
        assert_in_range(fake.rows[i].due_at - now, 3480000, 3600000);
    }
    atomic_fetch_add(&wall_moved_ms, 3600000);
    wait_for(accepted, 3);
    assert_true(sms_close(sms, 10000));
    atomic_store(&wall_moved_ms, 0);
}

static void the_cap_on_a_days_cost_holds_until_the_day_ends(void **state)
{
    struct config settings = config;
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    settings.sms_daily_cost = "KES 5";
    struct sms *sms = begin_with(&settings, 0, good);
    wait_for(sweeps, 1);
    queue_messages(20);
    sms_nudge(sms);
    struct sms_status status = wait_for_hold(sms, SMS_DAY_SPENT, &arena);
    int before = fake.sends;
    assert_in_range(before, 7, 10); /* at 0.80 each; up to three more that were on their way */
    int seen = fake.sweeps;
    wait_for(sweeps, seen + 2);
    assert_int_equal(fake.sends, before);
    sms_status(sms, &arena, &status);
    assert_int_equal(status.day_cap, 50000);
    assert_int_equal(status.spent, 8000 * before);
    assert_true(slice_equal(status.currency, SLICE("KES")));
    atomic_fetch_add(&wall_moved_ms, 86400000);
    seen = fake.sends;
    wait_for(sends, seen + 1);
    assert_true(sms_close(sms, 10000));
    atomic_store(&wall_moved_ms, 0);
    arena_deinit(&arena);
}

/* Another copy, or this one before it was started anew, has spent it. */
static void under_a_cap_nothing_is_sent_before_the_sum_is_known(void **state)
{
    struct config settings = config;
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    settings.sms_daily_cost = "KES 5000";
    pthread_mutex_lock(&fake.mutex);
    fake.spent_day = (clock_wall_ms() + 3 * 3600000) / 86400000;
    pthread_mutex_unlock(&fake.mutex);
    struct sms *sms = begin_with(&settings, 0, good);
    pthread_mutex_lock(&fake.mutex);
    fake.spent = 50000000;
    pthread_mutex_unlock(&fake.mutex);
    (void)wait_for_hold(sms, SMS_DAY_SPENT, &arena);
    queue_messages(3);
    sms_nudge(sms);
    int seen = fake.sweeps;
    wait_for(sweeps, seen + 1);
    assert_true(sms_close(sms, 10000));
    assert_int_equal(fake.sends, 0);
    arena_deinit(&arena);
}

static void a_long_queue_is_counted_seldom(void **state)
{
    (void)state;
    struct sms *sms = begin(0, good);
    pthread_mutex_lock(&fake.mutex);
    fake.depth = 60000;
    pthread_mutex_unlock(&fake.mutex);
    wait_for(sweeps, 6);
    assert_true(fake.uncounted >= 2);
    queue_messages(1); /* and nobody nudges, nor says when it is due */
    wait_for(accepted, 1);
    assert_true(sms_close(sms, 10000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_switch_is_heeded_at_once),
        cmocka_unit_test(the_switch_of_another_copy_is_heeded_within_a_second),
        cmocka_unit_test(a_stopped_account_says_why),
        cmocka_unit_test(after_an_account_stop_the_queue_drains_at_a_pace),
        cmocka_unit_test(keeps_to_its_rate),
        cmocka_unit_test(after_a_pause_one_call_goes_first),
        cmocka_unit_test(quiet_hours_put_messages_off),
        cmocka_unit_test(the_cap_on_a_days_cost_holds_until_the_day_ends),
        cmocka_unit_test(under_a_cap_nothing_is_sent_before_the_sum_is_known),
        cmocka_unit_test(a_long_queue_is_counted_seldom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
