/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher between a store and a gateway that fail as told.
 *
 * The functions of store/store.h and net/outbound.h that it calls stand here: rows in memory under one mutex, and calls that are answered at
 * once, in order of a script, or held until the test lets them go. The test waits for states of the rows, never for time to pass.
 * The clocks stand here too: the real ones, moved as a test says.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "core/clock.h"
#include "net/outbound.h"
#include "sms/sms.h"
#include "store/driver.h"

#define ROWS_MAX 128
#define WITHIN_S 30

#define ACCEPTED                                                                                   \
    "{\"SMSMessageData\":{\"Message\":\"\",\"Recipients\":[{\"statusCode\":102,\"number\":\"x\","  \
    "\"status\":\"Queued\",\"cost\":\"KES 0.8000\",\"messageId\":\"ATXid_1\"}]}}"
#define BALANCE "{\"UserData\":{\"balance\":\"KES 9.00\"}}"

/* What the fake gateway answers to the next calls; the last step stays. */
struct step {
    enum outbound_result result;
    int status;
    const char *body;
    bool hold;
};

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* The store. */
    struct message rows[ROWS_MAX];
    struct uuid tokens[ROWS_MAX];
    size_t count;
    int failing_claims, failing_settles, failing_sweeps, claims, settles, sweeps;
    bool steal; /* another copy takes the leases away while the calls run */
    bool hang;  /* settlements are never answered */
    int64_t leased_ms, slow_claim_ms, swept_at_ms[ROWS_MAX], leases[ROWS_MAX];
    /* The gateway. */
    const struct step *steps;
    int sends, probes, peak;
    struct outbound_call *held[ROWS_MAX];
    size_t held_count;
} fake = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static atomic_llong wall_moved_ms, mono_moved_ms;

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000 + atomic_load(&wall_moved_ms);
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC) + atomic_load(&mono_moved_ms) * 1000;
}

struct store_link *store_link_new(struct store *store, struct loop *loop)
{
    struct store_link *link = memory_zeroed(sizeof(*link));
    (void)store;
    link->loop = loop;
    return link;
}

void store_link_free(struct store_link *link)
{
    free(link);
}

static enum err claim(struct store_outbox_claim *op)
{
    fake.claims++;
    atomic_fetch_add(&mono_moved_ms, fake.slow_claim_ms);
    fake.slow_claim_ms = 0;
    if (fake.failing_claims > 0 && fake.failing_claims--) return ERR_UNAVAILABLE;
    op->messages = arena_alloc(op->base.arena, op->limit * sizeof(*op->messages));
    for (size_t i = 0; i < fake.count && op->count < op->limit; i++) {
        struct message *row = &fake.rows[i];
        if (row->state != MESSAGE_QUEUED || row->due_at > op->now) continue;
        row->state = MESSAGE_SENDING;
        row->attempts++;
        fake.tokens[i] = op->token;
        fake.leases[i] = op->lease_until;
        fake.leased_ms = op->lease_until - op->now;
        op->messages[op->count++] = *row;
    }
    return ERR_OK;
}

static bool settle_row(const struct settlement *item, struct uuid token)
{
    for (size_t i = 0; i < fake.count; i++) {
        struct message *row = &fake.rows[i];
        if (!uuid_equal(row->id, item->id) || !uuid_equal(fake.tokens[i], token)) continue;
        if (row->state != MESSAGE_SENDING) continue;
        row->state = item->state;
        row->due_at = item->due_at;
        row->sent_at = item->sent_at;
        if (item->attempt_refunded) row->attempts--;
        return true;
    }
    return false;
}

static enum err settle(struct store_outbox_settle *op)
{
    fake.settles++;
    if (fake.failing_settles > 0 && fake.failing_settles--) return ERR_UNAVAILABLE;
    for (size_t i = 0; i < op->count; i++) op->applied += settle_row(&op->items[i], op->token);
    return ERR_OK;
}

static enum err sweep(struct store_outbox_sweep *op)
{
    fake.swept_at_ms[fake.sweeps++ % ROWS_MAX] = clock_mono_ms();
    if (fake.failing_sweeps > 0 && fake.failing_sweeps--) return ERR_UNAVAILABLE;
    for (size_t i = 0; i < fake.count; i++) {
        struct message *row = &fake.rows[i];
        if (row->state == MESSAGE_SENDING && fake.leases[i] <= op->now) {
            row->state = MESSAGE_UNKNOWN;
        }
        if (row->state != MESSAGE_QUEUED) continue;
        op->depth++;
        if (op->oldest_due == 0 || row->due_at < op->oldest_due) op->oldest_due = row->due_at;
    }
    return ERR_OK;
}

void store_submit(struct store_link *link, struct store_op *op, op_fn *done)
{
    enum err err = ERR_INTERNAL;
    op_start(&op->op, link->loop, done);
    pthread_mutex_lock(&fake.mutex);
    if (op->verb == STORE_OUTBOX_CLAIM) {
        err = claim(CONTAINER_OF(op, struct store_outbox_claim, base));
    } else if (op->verb == STORE_OUTBOX_SETTLE) {
        err = settle(CONTAINER_OF(op, struct store_outbox_settle, base));
    } else if (op->verb == STORE_OUTBOX_SWEEP) {
        err = sweep(CONTAINER_OF(op, struct store_outbox_sweep, base));
    }
    pthread_cond_broadcast(&fake.changed);
    bool hangs = fake.hang && op->verb == STORE_OUTBOX_SETTLE;
    pthread_mutex_unlock(&fake.mutex);
    if (!hangs) op_complete(&op->op, err);
}

static struct loop *outbound_loop;

struct outbound *outbound_new(struct loop *loop, long connections_max)
{
    (void)connections_max;
    outbound_loop = loop;
    return NULL;
}

void outbound_free(struct outbound *outbound)
{
    (void)outbound;
}

static void answer(struct outbound_call *call, const struct step *step)
{
    call->result = step->result;
    call->status = step->status;
    call->reply = slice_of(step->body);
    call->retry_after_ms = -1;
    op_complete(&call->op, ERR_OK);
}

void outbound_start(struct outbound *outbound, struct outbound_call *call, op_fn *done)
{
    (void)outbound;
    op_start(&call->op, outbound_loop, done);
    pthread_mutex_lock(&fake.mutex);
    if (slice_present(call->body)) {
        fake.sends++;
    } else {
        fake.probes++;
    }
    if (fake.steal) memset(fake.tokens, 0, sizeof(fake.tokens));
    const struct step *step = fake.steps;
    if (step[1].result || step[1].status) fake.steps++;
    if (step->hold) {
        fake.held[fake.held_count++] = call;
        if ((int)fake.held_count > fake.peak) fake.peak = (int)fake.held_count;
    } else {
        answer(call, step);
    }
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.mutex);
}

static void let_go(const struct step *step)
{
    pthread_mutex_lock(&fake.mutex);
    while (fake.held_count > 0) answer(fake.held[--fake.held_count], step);
    pthread_mutex_unlock(&fake.mutex);
}

/* How many rows stand in a state. */
static int rows_in(enum message_state state)
{
    int count = 0;
    for (size_t i = 0; i < fake.count; i++) count += fake.rows[i].state == state;
    return count;
}

typedef int measure_fn(void);

static int accepted(void)
{
    return rows_in(MESSAGE_ACCEPTED);
}

static int unknown(void)
{
    return rows_in(MESSAGE_UNKNOWN);
}

static int sending(void)
{
    return rows_in(MESSAGE_SENDING);
}

static int held(void)
{
    return (int)fake.held_count;
}

static int sweeps(void)
{
    return fake.sweeps;
}

static int settles(void)
{
    return fake.settles;
}

static void wait_for(measure_fn *measure, int least)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WITHIN_S;
    pthread_mutex_lock(&fake.mutex);
    int result = 0;
    while (measure() < least && result == 0) {
        result = pthread_cond_timedwait(&fake.changed, &fake.mutex, &until);
    }
    pthread_mutex_unlock(&fake.mutex);
    assert_int_equal(result, 0);
}

static void queue_messages(size_t count)
{
    pthread_mutex_lock(&fake.mutex);
    for (size_t i = 0; i < count; i++) {
        fake.rows[fake.count++] = (struct message){
            .id = uuid_new(),
            .to = SLICE("+254712345678"),
            .body = SLICE("text"),
            .state = MESSAGE_QUEUED,
            .due_at = clock_wall_ms() - 1,
        };
    }
    pthread_mutex_unlock(&fake.mutex);
}

static const struct config config = {
    .sms_gateway = "africastalking",
    .at_username = "sandbox",
    .at_api_key = "key",
    .at_url = "",
    .sms_sender = "",
    .sms_in_flight = 4,
    .sms_timeout = 30,
};

/* `steps` end with a row of zeros. */
static struct sms *begin(size_t messages, const struct step *steps)
{
    pthread_mutex_lock(&fake.mutex);
    fake.count = fake.held_count = 0;
    fake.failing_claims = fake.failing_settles = fake.failing_sweeps = 0;
    fake.claims = fake.settles = fake.sweeps = 0;
    fake.sends = fake.probes = fake.peak = 0;
    fake.steal = fake.hang = false;
    fake.steps = steps;
    pthread_mutex_unlock(&fake.mutex);
    queue_messages(messages);
    struct sms *sms = sms_open(&config, NULL);
    assert_non_null(sms);
    return sms;
}

static const struct step good[] = {{OUTBOUND_ANSWERED, 201, ACCEPTED, false}, {0}};
static const struct step hold[] = {{OUTBOUND_ANSWERED, 201, ACCEPTED, true}, {0}};

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

static void refuses_settings_that_cannot_work(void **state)
{
    struct config wrong = config;
    (void)state;
    wrong.sms_gateway = "pigeon";
    assert_null(sms_open(&wrong, NULL));
    wrong = config;
    wrong.at_api_key = "";
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
        cmocka_unit_test(refuses_settings_that_cannot_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
