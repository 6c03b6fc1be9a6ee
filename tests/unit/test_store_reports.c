/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery reports, held against both stores: forward only, once each, and never for the wrong message.
 */
#include "store/delivery.h"

#include "store_sms_cases.h"

static struct store_report_take *take(
    struct fixture *fixture, int64_t at, const char *provider_id, const char *status)
{
    struct store_report_take *op = new_report(fixture, at, provider_id, status);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op;
}

static void assert_matched(const struct store_report_take *op, struct uuid message)
{
    assert_false(op->repeated);
    assert_true(op->matched);
    assert_id(op->message, message);
}

static enum message_state state_of(struct fixture *fixture, struct uuid id)
{
    return get_message(fixture, id)->state;
}

static bool tells(struct slice history, const char *word)
{
    return memmem(history.ptr, history.len, word, strlen(word));
}

/* ---- by the provider's id ---- */

static void a_report_delivers(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX2");
    assert_matched(take(fixture, NOW + 5, "ATX1", "Success"), id);
    const struct message *row = get_message(fixture, id);
    assert_int_equal(row->state, MESSAGE_DELIVERED);
    assert_int_equal(row->delivered_at, NOW + 5);
    assert_text(row->provider_status, "Success");
    assert_false(slice_present(row->failure));
    struct slice step = SLICE(",{\"state\":\"delivered\",\"at\":\"2026-01-02T03:04:05.683Z\"}");
    assert_true(row->history.len > step.len);
    assert_slice(slice_skip(row->history, row->history.len - step.len), step);
    struct store_get *order = get(fixture, STORE_ORDER_GET, row->order_id);
    assert_int_equal(order->row.order.message_state, MESSAGE_DELIVERED);
}

static void a_failure_says_why(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    struct uuid plain = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX2");
    struct store_report_take *op = new_report(fixture, NOW + 5, "ATX1", "Failed");
    op->report.reason = SLICE("UserIsInactive");
    op->report.network = SLICE("63902");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_matched(op, id);
    const struct message *row = get_message(fixture, id);
    assert_int_equal(row->state, MESSAGE_FAILED);
    assert_int_equal(row->delivered_at, 0);
    assert_text(row->failure, "UserIsInactive");
    assert_true(tells(row->history, ",\"failure\":\"UserIsInactive\"}"));
    /* Without a reason: the word itself. */
    assert_matched(take(fixture, NOW + 5, "ATX2", "Failed"), plain);
    assert_text(get_message(fixture, plain)->failure, "Failed");
}

static void reports_only_move_forward(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    struct slice history = get_message(fixture, id)->history;
    assert_matched(take(fixture, NOW + 1, "ATX1", "Buffered"), id);
    assert_text(get_message(fixture, id)->provider_status, "Buffered");
    assert_matched(take(fixture, NOW + 2, "ATX1", "Sent"), id);
    assert_text(get_message(fixture, id)->provider_status, "Buffered");
    /* Its state is what it was, so there is nothing to add. */
    assert_slice(get_message(fixture, id)->history, history);
    assert_int_equal(state_of(fixture, id), MESSAGE_ACCEPTED);
}

static void the_first_final_one_stays(void **state)
{
    struct fixture *fixture = *state;
    static const char *const words[][2] = {{"Success", "Failed"}, {"Failed", "Success"}};
    add_customer(fixture, "C1");
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const char *provider_id = i ? "ATX1" : "ATX2";
        struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, provider_id);
        assert_matched(take(fixture, NOW + 1, provider_id, words[i][0]), id);
        assert_matched(take(fixture, NOW + 2, provider_id, words[i][1]), id);
        assert_matched(take(fixture, NOW + 3, provider_id, "AbsentSubscriber"), id);
        assert_matched(take(fixture, NOW + 4, provider_id, "Sent"), id);
        assert_text(get_message(fixture, id)->provider_status, words[i][0]);
        assert_int_equal(state_of(fixture, id), i ? MESSAGE_FAILED : MESSAGE_DELIVERED);
    }
}

static void success_follows_an_absent_subscriber(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    take(fixture, NOW + 1, "ATX1", "AbsentSubscriber");
    assert_int_equal(state_of(fixture, id), MESSAGE_FAILED);
    assert_text(get_message(fixture, id)->failure, "AbsentSubscriber");
    take(fixture, NOW + 2, "ATX1", "Buffered");
    assert_int_equal(state_of(fixture, id), MESSAGE_FAILED);
    take(fixture, NOW + 3, "ATX1", "Success");
    const struct message *row = get_message(fixture, id);
    assert_int_equal(row->state, MESSAGE_DELIVERED);
    assert_int_equal(row->delivered_at, NOW + 3);
    assert_false(slice_present(row->failure));
}

static void an_unheard_of_word_is_kept_and_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    assert_matched(take(fixture, NOW + 1, "ATX1", "Teleported"), id);
    assert_int_equal(state_of(fixture, id), MESSAGE_ACCEPTED);
    assert_false(slice_present(get_message(fixture, id)->provider_status));
    assert_true(take(fixture, NOW + 2, "ATX1", "Teleported")->repeated);
}

static void the_same_report_counts_once(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    assert_matched(take(fixture, NOW + 1, "ATX1", "Success"), id);
    struct slice history = get_message(fixture, id)->history;
    assert_true(take(fixture, NOW + 2, "ATX1", "Success")->repeated);
    assert_slice(get_message(fixture, id)->history, history);
    assert_int_equal(get_message(fixture, id)->delivered_at, NOW + 1);
    /* Compared as bytes. */
    assert_false(take(fixture, NOW + 2, "ATX1", "success")->repeated);
    assert_false(take(fixture, NOW + 2, "atx1", "Success")->repeated);
}

#define TAKERS 12
static void the_same_report_at_once_counts_once(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[TAKERS];
    size_t fresh = 0;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    for (size_t i = 0; i < TAKERS; i++) {
        ops[i] = &new_report(fixture, NOW + 1, "ATX1", i % 2 ? "Success" : "Sent")->base;
    }
    run_all(fixture, ops, TAKERS, CLIENTS);
    for (size_t i = 0; i < TAKERS; i++) {
        assert_int_equal(ops[i]->op.err, ERR_OK);
        fresh += !CONTAINER_OF(ops[i], struct store_report_take, base)->repeated;
    }
    assert_int_equal(fresh, 2);
    assert_int_equal(state_of(fixture, id), MESSAGE_DELIVERED);
}

/* ---- before the provider's id is known ---- */

static void a_report_may_come_before_the_settlement(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    struct store_outbox_claim *claimed = claim(fixture, NOW, 1);
    struct settlement item = {.id = claimed->messages[0].id,
        .state = MESSAGE_ACCEPTED,
        .sent_at = NOW,
        .provider_id = SLICE("ATX1"),
        .provider_status = SLICE("Queued")};
    static const char *const words[] = {"Success", "Sent", "Teleported", "AbsentSubscriber"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        assert_false(take(fixture, NOW + 1, "ATX1", words[i])->matched);
    }
    assert_int_equal(state_of(fixture, item.id), MESSAGE_SENDING);
    assert_int_equal(
        run(fixture, &new_settle(fixture, NOW + 2, claimed->token, &item)->base), ERR_OK);
    const struct message *row = get_message(fixture, item.id);
    assert_int_equal(row->state, MESSAGE_DELIVERED);
    assert_int_equal(row->delivered_at, NOW + 1);
    assert_text(row->provider_status, "Success");
    assert_true(tells(row->history, "\"accepted\"") && tells(row->history, "\"delivered\""));
    assert_true(take(fixture, NOW + 3, "ATX1", "Sent")->repeated);
    assert_int_equal(sweep(fixture, NOW + 4, false)->matched, 0);
}

static void a_report_of_nobodys_waits(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    struct store_report_take *op = take(fixture, NOW + 1, "ATX9", "Failed");
    assert_false(op->repeated || op->matched);
    assert_true(take(fixture, NOW + 1, "ATX9", "Failed")->repeated);
    assert_int_equal(sweep(fixture, NOW + 2, false)->matched, 0);
    assert_int_equal(state_of(fixture, id), MESSAGE_ACCEPTED);
}

/* ---- by the number ---- */

static void a_report_settles_the_one_unknown_message(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_UNKNOWN, NULL);
    assert_matched(take(fixture, NOW + 1, "ATX1", "Sent"), id);
    const struct message *row = get_message(fixture, id);
    assert_int_equal(row->state, MESSAGE_ACCEPTED);
    assert_text(row->provider_id, "ATX1");
    /* From here by its id. */
    add_sent(fixture, NOW, MESSAGE_UNKNOWN, NULL);
    assert_matched(take(fixture, NOW + 2, "ATX1", "Success"), id);
    assert_int_equal(state_of(fixture, id), MESSAGE_DELIVERED);
}

/* The lease is lost only after the report came. */
static void a_report_settles_what_becomes_unknown_later(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_order(fixture, "C1", NOW);
    assert_int_equal(claim(fixture, NOW, 1)->count, 1);
    assert_false(take(fixture, NOW + 1, "ATX1", "Sent")->matched);
    assert_false(take(fixture, NOW + 2, "ATX1", "Success")->matched);
    assert_int_equal(sweep(fixture, NOW + 3, false)->matched, 0);
    struct store_outbox_sweep *swept = sweep(fixture, NOW + LEASE_MS, false);
    assert_int_equal(swept->lost, 1);
    /* In the same sweep or the next one; both reports. */
    assert_int_equal(swept->matched + sweep(fixture, NOW + LEASE_MS + 1, false)->matched, 2);
    const struct message *row = get_message(fixture, id);
    assert_int_equal(row->state, MESSAGE_DELIVERED);
    assert_int_equal(row->delivered_at, NOW + 2);
    assert_text(row->provider_id, "ATX1");
    assert_false(slice_present(row->failure));
}

static void two_unknown_messages_are_left_to_people(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid first = add_sent(fixture, NOW, MESSAGE_UNKNOWN, NULL);
    struct uuid second = add_sent(fixture, NOW, MESSAGE_UNKNOWN, NULL);
    assert_false(take(fixture, NOW + 1, "ATX1", "Success")->matched);
    assert_int_equal(sweep(fixture, NOW + 2, false)->matched, 0);
    /* Until somebody knows better of one of them. */
    struct store_message_settle *op = make(fixture, STORE_MESSAGE_SETTLE, sizeof(*op));
    op->id = first;
    op->state = MESSAGE_FAILED;
    op->now = NOW + 3;
    op->entry = entry_of(AUDIT_MESSAGE_SETTLED, "first");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(sweep(fixture, NOW + 4, false)->matched, 1);
    assert_int_equal(state_of(fixture, first), MESSAGE_FAILED);
    assert_int_equal(state_of(fixture, second), MESSAGE_DELIVERED);
}

static void another_on_its_way_makes_it_ambiguous(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_UNKNOWN, NULL);
    add_order(fixture, "C1", NOW);
    struct store_outbox_claim *claimed = claim(fixture, NOW, 1);
    assert_false(take(fixture, NOW + 1, "ATX1", "Sent")->matched);
    struct settlement item = {
        .id = claimed->messages[0].id, .state = MESSAGE_ACCEPTED, .provider_id = SLICE("ATX2")};
    assert_int_equal(run(fixture, &new_settle(fixture, NOW, claimed->token, &item)->base), ERR_OK);
    assert_false(take(fixture, NOW + 2, "ATX1", "Success")->matched);
    assert_int_equal(sweep(fixture, NOW + 3, false)->matched, 0);
    assert_int_equal(state_of(fixture, id), MESSAGE_UNKNOWN);
}

static void another_report_that_waits_makes_it_ambiguous(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    assert_false(take(fixture, NOW - 1, "ATX1", "Success")->matched);
    struct uuid id = add_sent(fixture, NOW, MESSAGE_UNKNOWN, NULL);
    assert_false(take(fixture, NOW + 1, "ATX2", "Success")->matched);
    assert_int_equal(sweep(fixture, NOW + 2, false)->matched, 0);
    assert_int_equal(state_of(fixture, id), MESSAGE_UNKNOWN);
}

/* From the last attempt on, however long the message had waited for it. */
static void a_report_counts_for_two_days(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t away[] = {-1, REPORT_WINDOW_MS + 1};
    for (size_t i = 0; i < ARRAY_LEN(away) + 1; i++) {
        const char *code = i == 0 ? "C1" : i == 1 ? "C2" : "C3";
        struct store_customer_create *customer = new_customer(fixture, code);
        struct slice phone = arena_format(fixture_arena(fixture), "+25470000010%zu", i);
        customer->row.phone = phone;
        assert_int_equal(run(fixture, &customer->base), ERR_OK);
        struct uuid id = add_order(fixture, code, NOW);
        send_as(fixture, NOW + 60000, (struct settlement){.state = MESSAGE_UNKNOWN});
        struct slice provider_id = arena_format(fixture_arena(fixture), "ATX%zu", i);
        int64_t at = NOW + 60000 + (i < ARRAY_LEN(away) ? away[i] : REPORT_WINDOW_MS - 1);
        struct store_report_take *op = new_report(fixture, at, "", "Success");
        op->report.provider_id = provider_id;
        op->report.phone = phone;
        assert_int_equal(run(fixture, &op->base), ERR_OK);
        assert_int_equal(op->matched, i == ARRAY_LEN(away));
        assert_int_equal(state_of(fixture, id), op->matched ? MESSAGE_DELIVERED : MESSAGE_UNKNOWN);
    }
}

static void a_number_says_nothing_in_other_cases(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_UNKNOWN, NULL);
    /* A word that nobody knows, another number, none. */
    struct store_report_take *other = new_report(fixture, NOW + 1, "ATX2", "Success");
    other->report.phone = SLICE("+254700000009");
    assert_int_equal(run(fixture, &other->base), ERR_OK);
    assert_false(other->matched);
    struct store_report_take *none = new_report(fixture, NOW + 1, "ATX3", "Success");
    none->report.phone = slice_absent();
    assert_int_equal(run(fixture, &none->base), ERR_OK);
    assert_false(none->matched);
    assert_false(take(fixture, NOW + 1, "ATX1", "Teleported")->matched);
    assert_int_equal(sweep(fixture, NOW + 2, false)->matched, 0);
    assert_int_equal(state_of(fixture, id), MESSAGE_UNKNOWN);
    /* With a word that is known the id is its own, and what waited goes with it. */
    assert_matched(take(fixture, NOW + 3, "ATX1", "Success"), id);
}

static void a_message_with_an_id_of_its_own_takes_no_other(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_UNKNOWN, "ATX1");
    assert_false(take(fixture, NOW + 1, "ATX2", "Success")->matched);
    assert_int_equal(sweep(fixture, NOW + 2, false)->matched, 0);
    assert_matched(take(fixture, NOW + 3, "ATX1", "Sent"), id);
    assert_int_equal(state_of(fixture, id), MESSAGE_ACCEPTED);
}

/* A message that is sent again forgets its id; the reports of that id still are not another message's. */
static void an_id_that_was_anothers_settles_nothing(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid first = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    assert_matched(take(fixture, NOW + 1, "ATX1", "AbsentSubscriber"), first);
    struct store_message_resend *op = make(fixture, STORE_MESSAGE_RESEND, sizeof(*op));
    op->id = first;
    op->now = NOW + HOUR_MS;
    op->expires_at = NOW + 2 * HOUR_MS;
    op->entry = entry_of(AUDIT_MESSAGE_RESENT, "first");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    struct uuid second = add_sent(fixture, NOW + 2, MESSAGE_UNKNOWN, NULL);
    assert_false(take(fixture, NOW + 3, "ATX1", "Success")->matched);
    assert_int_equal(sweep(fixture, NOW + 4, false)->matched, 0);
    assert_int_equal(state_of(fixture, first), MESSAGE_QUEUED);
    assert_int_equal(state_of(fixture, second), MESSAGE_UNKNOWN);
}

int main(int argc, char **argv)
{
    static const struct store_case cases[] = {
        STORE_CASE(a_report_delivers),
        STORE_CASE(a_failure_says_why),
        STORE_CASE(reports_only_move_forward),
        STORE_CASE(the_first_final_one_stays),
        STORE_CASE(success_follows_an_absent_subscriber),
        STORE_CASE(an_unheard_of_word_is_kept_and_changes_nothing),
        STORE_CASE(the_same_report_counts_once),
        STORE_CASE(the_same_report_at_once_counts_once),
        STORE_CASE(a_report_may_come_before_the_settlement),
        STORE_CASE(a_report_of_nobodys_waits),
        STORE_CASE(a_report_settles_the_one_unknown_message),
        STORE_CASE(a_report_settles_what_becomes_unknown_later),
        STORE_CASE(two_unknown_messages_are_left_to_people),
        STORE_CASE(another_on_its_way_makes_it_ambiguous),
        STORE_CASE(another_report_that_waits_makes_it_ambiguous),
        STORE_CASE(a_report_counts_for_two_days),
        STORE_CASE(a_number_says_nothing_in_other_cases),
        STORE_CASE(a_message_with_an_id_of_its_own_takes_no_other),
        STORE_CASE(an_id_that_was_anothers_settles_nothing),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), argc > 1 ? argv[1] : "");
}
