/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher between a store and a gateway that fail as told: what is sent, settled, tried again and never sent twice, and its end.
 */
#include "dispatcher_begin.h"

static const struct step hold[] = {{OUTBOUND_ANSWERED, 201, ACCEPTED, true}, {0}};

static int unknown(void)
{
    return rows_in(MESSAGE_UNKNOWN);
}

static int sending(void)
{
    return rows_in(MESSAGE_SENDING);
}

static void sends_what_is_queued(void **state)
{
    (void)state;
    struct sms *sms = begin(10, good);
    wait_for(accepted, 10);
    assert_int_equal(fake.leased_ms, 60000);
    queue_messages(5);
    sms_nudge(sms);
    sms_nudge(sms);
    wait_for(accepted, 15);
    assert_true(sms_close(sms, 10000));
    assert_int_equal(fake.sends, 15);
    for (size_t i = 0; i < fake.count; i++) {
        assert_int_equal(fake.rows[i].attempts, 1);
        assert_true(fake.rows[i].sent_at > 0);
    }
}

static void finds_what_others_queued(void **state)
{
    (void)state;
    struct sms *sms = begin(0, good);
    wait_for(sweeps, 1);
    queue_messages(1); /* and nobody nudges */
    wait_for(accepted, 1);
    assert_true(sms_close(sms, 10000));
}

static void keeps_to_its_calls_in_flight(void **state)
{
    (void)state;
    struct sms *sms = begin(20, hold);
    for (int done = 4; done <= 20; done += 4) {
        wait_for(held, 4);
        let_go(&good[0]);
        wait_for(accepted, done);
    }
    assert_true(sms_close(sms, 10000));
    assert_int_equal(fake.peak, 4);
    assert_int_equal(fake.sends, 20);
}

static void settles_until_the_store_takes_it(void **state)
{
    (void)state;
    struct sms *sms = begin(0, good);
    pthread_mutex_lock(&fake.mutex);
    fake.failing_settles = 2;
    fake.failing_claims = 1;
    pthread_mutex_unlock(&fake.mutex);
    queue_messages(3);
    sms_nudge(sms);
    wait_for(accepted, 3);
    assert_true(sms_close(sms, 10000));
    assert_int_equal(fake.sends, 3);
}

static void tries_again_what_was_provably_not_sent(void **state)
{
    static const struct step steps[] = {
        {OUTBOUND_NOT_SENT, 0, NULL, false}, {OUTBOUND_ANSWERED, 201, ACCEPTED, false}, {0}};
    (void)state;
    struct sms *sms = begin(3, steps);
    wait_for(accepted, 3);
    assert_true(sms_close(sms, 10000));
    assert_int_equal(fake.sends, 4);
}

/* The four that were on their way are sent once more; the others never leave before the balance call has been good. */
static void an_account_stop_holds_everything_back(void **state)
{
    static const struct step steps[] = {
        {OUTBOUND_ANSWERED, 401, "no", true},
        {OUTBOUND_ANSWERED, 401, "no", true},
        {OUTBOUND_ANSWERED, 401, "no", true},
        {OUTBOUND_ANSWERED, 401, "no", true},
        {OUTBOUND_ANSWERED, 200, BALANCE, false},
        {OUTBOUND_ANSWERED, 201, ACCEPTED, false},
        {0},
    };
    (void)state;
    struct sms *sms = begin(8, steps);
    wait_for(held, 4);
    let_go(&steps[0]);
    wait_for(accepted, 8);
    assert_true(sms_close(sms, 10000));
    assert_int_equal(fake.probes, 1);
    assert_int_equal(fake.sends, 12);
    for (size_t i = 0; i < fake.count; i++) assert_int_equal(fake.rows[i].attempts, 1);
}

static void an_unknown_is_never_sent_again(void **state)
{
    static const struct step steps[] = {
        {OUTBOUND_UNKNOWN, 0, NULL, false}, {OUTBOUND_ANSWERED, 201, ACCEPTED, false}, {0}};
    (void)state;
    struct sms *sms = begin(4, steps);
    wait_for(accepted, 3);
    assert_true(sms_close(sms, 10000));
    assert_int_equal(rows_in(MESSAGE_UNKNOWN), 1);
    assert_int_equal(fake.sends, 4);
}

static void a_lost_lease_is_not_settled(void **state)
{
    (void)state;
    struct sms *sms = begin(0, good);
    pthread_mutex_lock(&fake.mutex);
    fake.steal = true;
    pthread_mutex_unlock(&fake.mutex);
    queue_messages(1);
    sms_nudge(sms);
    wait_for(settles, 1);
    assert_true(sms_close(sms, 10000));
    assert_int_equal(sending(), 1);
    assert_int_equal(fake.settles, 1);
}

struct closing {
    struct sms *sms;
    int64_t grace_ms;
};

static void *close_it(void *context)
{
    struct closing *closing = context;
    assert_true(sms_close(closing->sms, closing->grace_ms));
    return NULL;
}

static void closing_waits_for_calls(void **state)
{
    static const struct step steps[] = {
        {OUTBOUND_ANSWERED, 201, ACCEPTED, true},
        {OUTBOUND_ANSWERED, 201, ACCEPTED, true},
        {OUTBOUND_ANSWERED, 201, ACCEPTED, true},
        {OUTBOUND_ANSWERED, 201, ACCEPTED, true},
        {OUTBOUND_ANSWERED, 201, ACCEPTED, false},
        {0},
    };
    pthread_t thread;
    (void)state;
    struct sms *sms = begin(6, steps);
    wait_for(held, 4);
    struct closing closing = {sms, 60000};
    assert_int_equal(pthread_create(&thread, NULL, close_it, &closing), 0);
    let_go(&good[0]);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(rows_in(MESSAGE_QUEUED) + accepted(), 6);
    assert_true(accepted() >= 4);
}

/* What may have been taken stays `sending`; its lease makes it unknown. */
static void closing_ends_after_its_grace(void **state)
{
    (void)state;
    struct sms *sms = begin(6, hold);
    wait_for(held, 4);
    assert_true(sms_close(sms, 1));
    assert_int_equal(sending(), 4);
    assert_int_equal(rows_in(MESSAGE_QUEUED), 2);
}

/* What the store holds stays with it; the process is about to end. */
static void closing_does_not_wait_for_a_store_that_hangs(void **state)
{
    (void)state;
    static struct sms *left; /* so that it is no leak */
    left = begin(0, good);
    pthread_mutex_lock(&fake.mutex);
    fake.hang = true;
    pthread_mutex_unlock(&fake.mutex);
    queue_messages(1);
    sms_nudge(left);
    wait_for(settles, 1);
    assert_false(sms_close(left, 1));
}

static void no_call_begins_under_a_lease_that_may_end_before_it(void **state)
{
    (void)state;
    struct sms *sms = begin(0, good);
    wait_for(sweeps, 1);
    pthread_mutex_lock(&fake.mutex);
    fake.slow_claim_ms = 31000;
    fake.claims = 0;
    pthread_mutex_unlock(&fake.mutex);
    queue_messages(1);
    sms_nudge(sms);
    wait_for(accepted, 1);
    assert_true(sms_close(sms, 10000));
    assert_int_equal(fake.claims, 2);
    assert_int_equal(fake.sends, 1);
    assert_int_equal(fake.rows[0].attempts, 1);
}

/* What has ended meanwhile, here and elsewhere, is settled before leases are looked at. */
static void sweeps_rest_after_a_loss_of_the_store(void **state)
{
    (void)state;
    struct sms *sms = begin(0, good);
    wait_for(sweeps, 1);
    pthread_mutex_lock(&fake.mutex);
    int first = fake.sweeps;
    fake.failing_sweeps = 1;
    pthread_mutex_unlock(&fake.mutex);
    wait_for(sweeps, first + 2);
    assert_true(sms_close(sms, 10000));
    assert_true(fake.swept_at_ms[first + 1] - fake.swept_at_ms[first] >= 3000);
}

/* Wall time is the only one that copies share, so leases are written in it: a jump may cost the knowledge of what became of a call. */
static void a_clock_that_jumps_sends_nothing_twice(void **state)
{
    static const int64_t jumps_ms[] = {3600000, -3600000, 86400000};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(jumps_ms); i++) {
        struct sms *sms = begin(4, hold);
        wait_for(held, 4);
        atomic_fetch_add(&wall_moved_ms, jumps_ms[i]);
        pthread_mutex_lock(&fake.mutex);
        int swept = fake.sweeps;
        pthread_mutex_unlock(&fake.mutex);
        wait_for(sweeps, swept + 1);
        if (jumps_ms[i] > 0) wait_for(unknown, 4);
        let_go(&good[0]);
        wait_for(settles, 1);
        assert_true(sms_close(sms, 10000));
        atomic_store(&wall_moved_ms, 0);
        assert_int_equal(accepted(), jumps_ms[i] > 0 ? 0 : 4);
        assert_int_equal(fake.sends, 4);
    }
}

static void a_success_takes_an_old_failure_away(void **state)
{
    static const struct step steps[] = {
        {OUTBOUND_NOT_SENT, 0, NULL, false}, {OUTBOUND_ANSWERED, 201, ACCEPTED, false}, {0}};
    (void)state;
    struct sms *sms = begin(1, steps);
    wait_for(accepted, 1);
    assert_true(sms_close(sms, 10000));
    assert_int_equal(fake.rows[0].attempts, 2);
    assert_false(slice_present(fake.rows[0].failure));
}

static void who_opted_out_is_suppressed(void **state)
{
    static const struct step steps[] = {{OUTBOUND_ANSWERED, 201, BLOCKED, false}, {0}};
    (void)state;
    struct sms *sms = begin(1, steps);
    wait_for(settles, 1);
    assert_true(sms_close(sms, 10000));
    assert_int_equal(rows_in(MESSAGE_SUPPRESSED), 1);
    assert_true(slice_present(fake.rows[0].failure));
    assert_true(fake.suppress[0]);
}

/* One that takes its worker with it is swept to `unknown` at the end of its lease; the others do not wait for it. */
static void a_call_that_never_ends_holds_up_nobody(void **state)
{
    static const struct step steps[] = {
        {OUTBOUND_ANSWERED, 201, ACCEPTED, true}, {OUTBOUND_ANSWERED, 201, ACCEPTED, false}, {0}};
    (void)state;
    struct sms *sms = begin(20, steps);
    wait_for(accepted, 19);
    assert_int_equal(sending(), 1);
    atomic_fetch_add(&wall_moved_ms, 120000);
    wait_for(unknown, 1);
    let_go(&good[0]);
    assert_true(sms_close(sms, 10000));
    atomic_store(&wall_moved_ms, 0);
    assert_int_equal(unknown(), 1);
    assert_int_equal(fake.sends, 20);
}

static void refuses_settings_that_cannot_work(void **state)
{
    struct config wrong = config;
    (void)state;
    wrong.sms_gateway = "pigeon";
    assert_null(sms_open(&wrong, NULL));
    wrong = config;
    wrong.at_api_key = "";
    assert_null(sms_open(&wrong, NULL));
    wrong = config;
    wrong.sms_time_zone = "EAT";
    assert_null(sms_open(&wrong, NULL));
    wrong = config;
    wrong.sms_quiet_hours = "21-7";
    assert_null(sms_open(&wrong, NULL));
    wrong = config;
    wrong.sms_daily_cost = "5000";
    assert_null(sms_open(&wrong, NULL));
    sms_nudge(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_what_is_queued),
        cmocka_unit_test(finds_what_others_queued),
        cmocka_unit_test(keeps_to_its_calls_in_flight),
        cmocka_unit_test(settles_until_the_store_takes_it),
        cmocka_unit_test(tries_again_what_was_provably_not_sent),
        cmocka_unit_test(an_account_stop_holds_everything_back),
        cmocka_unit_test(an_unknown_is_never_sent_again),
        cmocka_unit_test(a_lost_lease_is_not_settled),
        cmocka_unit_test(closing_waits_for_calls),
        cmocka_unit_test(closing_ends_after_its_grace),
        cmocka_unit_test(closing_does_not_wait_for_a_store_that_hangs),
        cmocka_unit_test(no_call_begins_under_a_lease_that_may_end_before_it),
        cmocka_unit_test(sweeps_rest_after_a_loss_of_the_store),
        cmocka_unit_test(a_clock_that_jumps_sends_nothing_twice),
        cmocka_unit_test(a_success_takes_an_old_failure_away),
        cmocka_unit_test(who_opted_out_is_suppressed),
        cmocka_unit_test(a_call_that_never_ends_holds_up_nobody),
        cmocka_unit_test(refuses_settings_that_cannot_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
