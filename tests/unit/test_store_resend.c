/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people do with messages that were handed over, held against both stores: resend, settle by hand; and the scrub of old texts.
 */
#include "store/delivery.h"

#include "store_sms_cases.h"

#define DAY_MS (24 * HOUR_MS)

static struct store_message_resend *new_resend(
    struct fixture *fixture, struct uuid id, bool unknown_too)
{
    struct store_message_resend *op = make(fixture, STORE_MESSAGE_RESEND, sizeof(*op));
    op->id = id;
    op->now = NOW + 60000;
    op->expires_at = NOW + DAY_MS;
    op->unknown_too = unknown_too;
    op->entry = entry_of(AUDIT_MESSAGE_RESENT, "resend");
    return op;
}

static enum err resend(struct fixture *fixture, struct uuid id, bool unknown_too)
{
    return run(fixture, &new_resend(fixture, id, unknown_too)->base);
}

static struct store_message_settle *new_verdict(
    struct fixture *fixture, struct uuid id, enum message_state state)
{
    struct store_message_settle *op = make(fixture, STORE_MESSAGE_SETTLE, sizeof(*op));
    op->id = id;
    op->state = state;
    op->now = NOW + 5;
    op->entry = entry_of(AUDIT_MESSAGE_SETTLED, "verdict");
    return op;
}

static int64_t scrub(struct fixture *fixture, int64_t before)
{
    struct store_messages_scrub *op = make(fixture, STORE_MESSAGES_SCRUB, sizeof(*op));
    op->before = before;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op->scrubbed;
}

/* ---- one message ---- */

static void assert_like_new(const struct message *row)
{
    assert_int_equal(row->state, MESSAGE_QUEUED);
    assert_int_equal(row->attempts, 0);
    assert_int_equal(row->due_at, NOW + 60000);
    assert_int_equal(row->expires_at, NOW + DAY_MS);
    assert_int_equal(row->sent_at, 0);
    assert_int_equal(row->delivered_at, 0);
    assert_false(slice_present(row->provider_id) || slice_present(row->provider_status));
    assert_false(slice_present(row->cost) || slice_present(row->failure));
    assert_text(row->body, "Sample: Maize, 2 bags");
    assert_non_null(memmem(row->history.ptr, row->history.len,
        "{\"state\":\"queued\",\"at\":\"2026-01-02T03:05:05.678Z\"}", 50));
}

static void a_dead_message_is_sent_again(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    struct uuid id = send_as(fixture, NOW,
        (struct settlement){.state = MESSAGE_DEAD,
            .sent_at = NOW,
            .provider_id = SLICE("ATX1"),
            .provider_status = SLICE("CouldNotRoute"),
            .cost = SLICE("KES 0"),
            .failure = SLICE("no route")});
    size_t nudges = atomic_load(&fixture->nudges);
    struct store_message_resend *op = new_resend(fixture, id, false);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_like_new(&op->row);
    assert_like_new(get_message(fixture, id));
    assert_int_equal(count_entries(fixture, "resend"), 1);
    assert_true(atomic_load(&fixture->nudges) > nudges);
    /* It is due from now on, and claimed as any other. */
    assert_int_equal(claim(fixture, NOW + 59999, 9)->count, 0);
    struct store_outbox_claim *claimed = claim(fixture, NOW + 60000, 9);
    assert_int_equal(claimed->count, 1);
    assert_int_equal(claimed->messages[0].attempts, 1);
}

/* A message of C1 in the state, made at NOW; none for those that are made otherwise. */
static struct uuid add_in_state(struct fixture *fixture, enum message_state state)
{
    struct uuid id = add_order(fixture, "C1", NOW);
    if (state == MESSAGE_QUEUED) return id;
    if (state == MESSAGE_EXPIRED) {
        assert_int_equal(sweep(fixture, NOW + HOUR_MS, false)->expired, 1);
        return id;
    }
    struct store_outbox_claim *claimed = claim(fixture, NOW, 1);
    if (state == MESSAGE_SENDING) return id;
    struct settlement item = {.id = id, .state = state, .provider_id = SLICE("ATX1")};
    if (state == MESSAGE_DELIVERED || state == MESSAGE_FAILED) item.state = MESSAGE_ACCEPTED;
    assert_int_equal(run(fixture, &new_settle(fixture, NOW, claimed->token, &item)->base), ERR_OK);
    if (item.state == state) return id;
    const char *word = state == MESSAGE_DELIVERED ? "Success" : "AbsentSubscriber";
    assert_int_equal(run(fixture, &new_report(fixture, NOW + 1, "ATX1", word)->base), ERR_OK);
    return id;
}

static void what_is_over_is_sent_again_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    static const enum message_state starts[] = {MESSAGE_FAILED, MESSAGE_EXPIRED, MESSAGE_DEAD,
        MESSAGE_UNKNOWN, MESSAGE_QUEUED, MESSAGE_SENDING, MESSAGE_ACCEPTED, MESSAGE_DELIVERED};
    add_customer(fixture, "C1");
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        struct uuid id = add_in_state(fixture, starts[i]);
        assert_int_equal(get_message(fixture, id)->state, starts[i]);
        enum err expected = i < 3 ? ERR_OK : ERR_NOT_RESENDABLE;
        assert_int_equal(resend(fixture, id, false), expected);
        if (starts[i] == MESSAGE_UNKNOWN) {
            assert_int_equal(resend(fixture, id, true), ERR_OK);
        } else if (i > 3) {
            assert_int_equal(resend(fixture, id, true), ERR_NOT_RESENDABLE);
        }
        /* Out of the way of the next one. */
        if (i <= 4) claim(fixture, NOW + 60000, 9);
    }
    assert_int_equal(count_entries(fixture, "resend"), 4);
    assert_int_equal(resend(fixture, uuid_new(), true), ERR_NOT_FOUND);
}

static void a_message_without_number_is_not_sent_again(void **state)
{
    struct fixture *fixture = *state;
    struct store_customer_create *customer = new_customer(fixture, "C1");
    customer->row.phone = slice_absent();
    assert_int_equal(run(fixture, &customer->base), ERR_OK);
    struct uuid id = add_order(fixture, "C1", NOW);
    assert_int_equal(get_message(fixture, id)->state, MESSAGE_SKIPPED);
    assert_int_equal(resend(fixture, id, true), ERR_NOT_RESENDABLE);
}

/* A report that ranked high before does not outrank those of the new try. */
static void a_resent_message_takes_new_reports(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_in_state(fixture, MESSAGE_FAILED);
    assert_int_equal(resend(fixture, id, false), ERR_OK);
    send_as(fixture, NOW + 60000,
        (struct settlement){.state = MESSAGE_ACCEPTED, .provider_id = SLICE("ATX2")});
    assert_int_equal(run(fixture, &new_report(fixture, NOW + 1, "ATX2", "Buffered")->base), ERR_OK);
    assert_text(get_message(fixture, id)->provider_status, "Buffered");
    assert_int_equal(run(fixture, &new_report(fixture, NOW + 1, "ATX2", "Failed")->base), ERR_OK);
    assert_int_equal(get_message(fixture, id)->state, MESSAGE_FAILED);
}

/* O20: asked twice at once, it is sent once. */
static void two_resends_make_one(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[6];
    size_t done = 0;
    add_customer(fixture, "C1");
    struct uuid id = add_in_state(fixture, MESSAGE_DEAD);
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) ops[i] = &new_resend(fixture, id, false)->base;
    run_all(fixture, ops, ARRAY_LEN(ops), CLIENTS);
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        if (ops[i]->op.err == ERR_OK)
            done++;
        else
            assert_int_equal(ops[i]->op.err, ERR_NOT_RESENDABLE);
    }
    assert_int_equal(done, 1);
    assert_int_equal(count_entries(fixture, "resend"), 1);
}

/* O12: the service dies over a message again and again. */
static void a_message_that_kills_is_quarantined(void **state)
{
    struct fixture *fixture = *state;
    int64_t now = NOW + 60000;
    add_customer(fixture, "C1");
    struct uuid id = add_order(fixture, "C1", NOW);
    for (int i = 0; i < LOSSES_MAX; i++) {
        if (i) assert_int_equal(resend(fixture, id, true), ERR_OK);
        assert_int_equal(claim(fixture, now, 1)->count, 1);
        assert_int_equal(sweep(fixture, now + LEASE_MS, false)->lost, 1);
    }
    assert_int_equal(get_message(fixture, id)->state, MESSAGE_UNKNOWN);
    assert_int_equal(resend(fixture, id, true), ERR_QUARANTINED);
    assert_int_equal(count_entries(fixture, "resend"), LOSSES_MAX - 1);
    /* Without asking for it, unknown messages are not sent again anyway. */
    assert_int_equal(resend(fixture, id, false), ERR_NOT_RESENDABLE);
    /* And it stays so once a person says what became of it. */
    assert_int_equal(run(fixture, &new_verdict(fixture, id, MESSAGE_FAILED)->base), ERR_OK);
    assert_int_equal(resend(fixture, id, false), ERR_QUARANTINED);
}

/* ---- many ---- */

static struct store_messages_resend *resend_many(
    struct fixture *fixture, const char *customer, int64_t to, size_t limit, bool dry_run)
{
    struct store_messages_resend *op = make(fixture, STORE_MESSAGES_RESEND, sizeof(*op));
    op->state = MESSAGE_DEAD;
    op->from = NOW;
    op->to = to;
    op->customer = slice_of(customer);
    op->limit = limit;
    op->dry_run = dry_run;
    op->now = NOW + 60000;
    op->expires_at = NOW + DAY_MS;
    op->entry = entry_of(AUDIT_MESSAGES_RESENT, "dead");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op;
}

static void assert_counts(const struct store_messages_resend *op, size_t matched, size_t resent)
{
    assert_int_equal(op->matched, matched);
    assert_int_equal(op->resent, resent);
}

#define DEAD 5
/* C1's at NOW, NOW + 1, …; then one of C2, one before NOW, and one that is not dead. */
static void add_dead(struct fixture *fixture, struct uuid ids[DEAD])
{
    const struct settlement dead = {.state = MESSAGE_DEAD};
    add_customer(fixture, "C1");
    add_customer(fixture, "C2");
    for (int i = 0; i < DEAD; i++) {
        ids[i] = add_order(fixture, "C1", NOW + i);
        send_as(fixture, NOW + i, dead);
    }
    add_order(fixture, "C2", NOW);
    send_as(fixture, NOW, dead);
    add_order(fixture, "C1", NOW - 1);
    send_as(fixture, NOW, dead);
    add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
}

static void counts_before_it_resends(void **state)
{
    struct fixture *fixture = *state;
    struct uuid ids[DEAD];
    add_dead(fixture, ids);
    assert_counts(resend_many(fixture, NULL, INT64_MAX, STORE_RESEND_MAX, true), DEAD + 1, 0);
    assert_counts(resend_many(fixture, "c1", INT64_MAX, STORE_RESEND_MAX, true), DEAD, 0);
    assert_counts(resend_many(fixture, "C1", NOW + 3, STORE_RESEND_MAX, true), 3, 0);
    assert_counts(resend_many(fixture, "C1", INT64_MAX, 2, true), 2, 0);
    assert_counts(resend_many(fixture, "C9", INT64_MAX, 2, true), 0, 0);
    assert_int_equal(count_entries(fixture, "dead"), 0);
    for (int i = 0; i < DEAD; i++) {
        assert_int_equal(get_message(fixture, ids[i])->state, MESSAGE_DEAD);
    }
}

static void resends_the_oldest_first(void **state)
{
    struct fixture *fixture = *state;
    struct uuid ids[DEAD];
    add_dead(fixture, ids);
    assert_counts(resend_many(fixture, "C1", INT64_MAX, 2, false), 2, 2);
    for (int i = 0; i < DEAD; i++) {
        const struct message *row = get_message(fixture, ids[i]);
        assert_int_equal(row->state, i < 2 ? MESSAGE_QUEUED : MESSAGE_DEAD);
        if (i < 2) assert_like_new(row);
    }
    assert_counts(resend_many(fixture, "C1", NOW + 4, STORE_RESEND_MAX, false), 2, 2);
    assert_counts(resend_many(fixture, "C1", NOW + 4, STORE_RESEND_MAX, false), 0, 0);
    /* Nothing changed, so nothing is told. */
    assert_int_equal(count_entries(fixture, "dead"), 2);
}

static void many_resent_take_turns_with_others(void **state)
{
    struct fixture *fixture = *state;
    struct uuid ids[DEAD];
    add_dead(fixture, ids);
    assert_counts(resend_many(fixture, "C1", INT64_MAX, STORE_RESEND_MAX, false), DEAD, DEAD);
    struct uuid other = add_order(fixture, "C2", NOW + 60001);
    struct store_outbox_claim *claimed = claim(fixture, NOW + 60001, 2);
    assert_int_equal(claimed->count, 2);
    assert_id(claimed->messages[0].id, ids[0]);
    assert_id(claimed->messages[1].id, other);
    claimed = claim(fixture, NOW + 60001, 9);
    assert_int_equal(claimed->count, DEAD - 1);
    for (size_t i = 0; i < claimed->count; i++) assert_id(claimed->messages[i].id, ids[i + 1]);
}

static void those_that_cannot_be_resent_are_left_out(void **state)
{
    struct fixture *fixture = *state;
    struct uuid ids[DEAD];
    add_dead(fixture, ids);
    assert_int_equal(
        scrub(fixture, NOW + 2), 5); /* two of C1, C2's, the one before, the accepted */
    assert_counts(resend_many(fixture, NULL, INT64_MAX, STORE_RESEND_MAX, true), DEAD - 2, 0);
    assert_counts(
        resend_many(fixture, NULL, INT64_MAX, STORE_RESEND_MAX, false), DEAD - 2, DEAD - 2);
    assert_int_equal(resend(fixture, ids[0], false), ERR_NOT_RESENDABLE);
}

/* ---- by hand ---- */

static void a_person_settles_what_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    struct uuid id = send_as(
        fixture, NOW, (struct settlement){.state = MESSAGE_UNKNOWN, .failure = SLICE("no answer")});
    struct store_message_settle *op = new_verdict(fixture, id, MESSAGE_DELIVERED);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    const struct message *rows[] = {&op->row, get_message(fixture, id)};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(rows[i]->state, MESSAGE_DELIVERED);
        assert_int_equal(rows[i]->delivered_at, NOW + 5);
        assert_false(slice_present(rows[i]->failure));
        assert_true(rows[i]->history.len > 0);
    }
    assert_int_equal(count_entries(fixture, "verdict"), 1);
    op = new_verdict(fixture, id, MESSAGE_FAILED);
    assert_int_equal(run(fixture, &op->base), ERR_NOT_UNKNOWN);
    op = new_verdict(fixture, uuid_new(), MESSAGE_FAILED);
    assert_int_equal(run(fixture, &op->base), ERR_NOT_FOUND);
    assert_int_equal(count_entries(fixture, "verdict"), 1);
}

static void what_a_person_said_stands(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_UNKNOWN, "ATX1");
    struct store_message_settle *op = new_verdict(fixture, id, MESSAGE_FAILED);
    op->note = SLICE("she never got it");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    struct store_report_take *report = new_report(fixture, NOW + 9, "ATX1", "Success");
    assert_int_equal(run(fixture, &report->base), ERR_OK);
    assert_true(report->matched);
    const struct message *row = get_message(fixture, id);
    assert_int_equal(row->state, MESSAGE_FAILED);
    assert_int_equal(row->delivered_at, 0);
    assert_text(row->failure, "she never got it");
    assert_non_null(memmem(row->history.ptr, row->history.len, "she never got it", 16));
    assert_int_equal(resend(fixture, id, false), ERR_OK);
}

/* ---- scrub ---- */

static void old_texts_go(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid old = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    struct uuid young = add_sent(fixture, NOW + 10, MESSAGE_ACCEPTED, "ATX2");
    assert_int_equal(scrub(fixture, NOW), 0);
    assert_int_equal(scrub(fixture, NOW + 10), 1);
    assert_int_equal(scrub(fixture, NOW + 10), 0);
    assert_true(slice_present(get_message(fixture, old)->body));
    assert_int_equal(get_message(fixture, old)->body.len, 0);
    assert_int_equal(get_message(fixture, old)->parts, 2);
    assert_text(get_message(fixture, young)->body, "Sample: Maize, 2 bags");
    assert_int_equal(scrub(fixture, NOW + 11), 1);
    assert_int_equal(get_message(fixture, young)->body.len, 0);
}

/* What is still on its way keeps its text, and loses it when it is over: the next scrub does not begin behind it. */
static void a_text_that_is_needed_goes_later(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid queued = add_order(fixture, "C1", NOW + 20);
    struct uuid sending = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *claimed = claim(fixture, NOW, 1);
    struct uuid over = add_sent(fixture, NOW + 10, MESSAGE_ACCEPTED, "ATX1");
    scrub(fixture, NOW + 30);
    assert_true(get_message(fixture, queued)->body.len > 0);
    assert_true(get_message(fixture, sending)->body.len > 0);
    struct settlement item = {.id = sending, .state = MESSAGE_DEAD};
    assert_int_equal(run(fixture, &new_settle(fixture, NOW, claimed->token, &item)->base), ERR_OK);
    assert_int_equal(sweep(fixture, NOW + 20 + HOUR_MS, false)->expired, 1);
    scrub(fixture, NOW + 30);
    scrub(fixture, NOW + 30);
    assert_int_equal(get_message(fixture, queued)->body.len, 0);
    assert_int_equal(get_message(fixture, sending)->body.len, 0);
    assert_int_equal(get_message(fixture, over)->body.len, 0);
}

int main(int argc, char **argv)
{
    static const struct store_case cases[] = {
        STORE_CASE(a_dead_message_is_sent_again),
        STORE_CASE(what_is_over_is_sent_again_and_nothing_else),
        STORE_CASE(a_message_without_number_is_not_sent_again),
        STORE_CASE(a_resent_message_takes_new_reports),
        STORE_CASE(two_resends_make_one),
        STORE_CASE(a_message_that_kills_is_quarantined),
        STORE_CASE(counts_before_it_resends),
        STORE_CASE(resends_the_oldest_first),
        STORE_CASE(many_resent_take_turns_with_others),
        STORE_CASE(those_that_cannot_be_resent_are_left_out),
        STORE_CASE(a_person_settles_what_is_unknown),
        STORE_CASE(what_a_person_said_stands),
        STORE_CASE(old_texts_go),
        STORE_CASE(a_text_that_is_needed_goes_later),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), argc > 1 ? argv[1] : "");
}
