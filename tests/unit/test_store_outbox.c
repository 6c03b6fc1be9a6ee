/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of store/outbox.h, held against both stores: who may send a message, and what is known of it afterwards.
 */
#include "store/outbox.h"

#include <stdio.h>

#include "store_cases.h"
#include "store_sample.h"

#define LEASE_MS 30000
#define MESSAGES 5
#define DISPATCHERS 12

#define SENDING_1 ",{\"state\":\"sending\",\"at\":\"2026-01-02T03:04:05.678Z\",\"attempt\":1}"

static struct store_outbox_claim *new_claim(struct fixture *fixture, int64_t now, size_t limit)
{
    struct store_outbox_claim *op = make(fixture, STORE_OUTBOX_CLAIM, sizeof(*op));
    op->now = now;
    op->lease_until = now + LEASE_MS;
    op->token = uuid_new();
    op->limit = limit;
    return op;
}

static struct store_outbox_claim *claim(struct fixture *fixture, int64_t now, size_t limit)
{
    struct store_outbox_claim *op = new_claim(fixture, now, limit);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op;
}

/* Returns how many were applied. */
static size_t settle(struct fixture *fixture, int64_t now, struct uuid token,
    const struct settlement *items, size_t count)
{
    struct store_outbox_settle *op = make(fixture, STORE_OUTBOX_SETTLE, sizeof(*op));
    op->now = now;
    op->token = token;
    op->items = items;
    op->count = count;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op->applied;
}

static struct store_outbox_sweep *sweep(struct fixture *fixture, int64_t now)
{
    struct store_outbox_sweep *op = make(fixture, STORE_OUTBOX_SWEEP, sizeof(*op));
    op->now = now;
    op->count_all = true;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op;
}

/* ---- claim ---- */

static void claims_the_oldest_due_first(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t due[MESSAGES] = {40, 10, 50, 20, 30};
    struct uuid ids[MESSAGES];
    for (size_t i = 0; i < MESSAGES; i++) {
        char code[] = {'C', (char)('1' + i), '\0'};
        add_customer(fixture, code);
        ids[i] = add_order(fixture, code, NOW + due[i]);
    }

    struct store_outbox_claim *first = claim(fixture, NOW + 40, 3);
    assert_int_equal(first->count, 3);
    assert_id(first->messages[0].id, ids[1]);
    assert_id(first->messages[1].id, ids[3]);
    assert_id(first->messages[2].id, ids[4]);
    struct store_outbox_claim *second = claim(fixture, NOW + 40, 3);
    assert_int_equal(second->count, 1);
    assert_id(second->messages[0].id, ids[0]);
    assert_int_equal(claim(fixture, NOW + 49, 3)->count, 0);
    assert_int_equal(claim(fixture, NOW + 50, 3)->count, 1);
}

static void a_claim_is_stored_before_it_is_answered(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *op = claim(fixture, NOW, 9);
    assert_int_equal(op->count, 1);
    const struct message *rows[] = {&op->messages[0], get_message(fixture, id)};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_id(rows[i]->id, id);
        assert_int_equal(rows[i]->state, MESSAGE_SENDING);
        assert_int_equal(rows[i]->attempts, 1);
        assert_text(rows[i]->customer, "C1");
        assert_text(rows[i]->to, "+254700000001");
        assert_text(rows[i]->body, "Sample: Maize, 2 bags");
        assert_int_equal(rows[i]->due_at, NOW);
        assert_int_equal(rows[i]->expires_at, NOW + HOUR_MS);
        assert_text(rows[i]->history, SENDING_1);
    }
    struct store_get *order = get(fixture, STORE_ORDER_GET, rows[1]->order_id);
    assert_int_equal(order->row.order.message_state, MESSAGE_SENDING);
}

/* Many dispatchers at once: every message goes to exactly one of them. */
static void no_message_is_claimed_twice(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[DISPATCHERS];
    struct uuid seen[DISPATCHERS * 3];
    size_t count = 0;
    add_customer(fixture, "C1");
    for (int i = 0; i < 30; i++) add_order(fixture, "C1", NOW);
    for (size_t i = 0; i < DISPATCHERS; i++) ops[i] = &new_claim(fixture, NOW, 3)->base;
    run_all(fixture, ops, DISPATCHERS, CLIENTS);
    for (size_t i = 0; i < DISPATCHERS; i++) {
        struct store_outbox_claim *op = CONTAINER_OF(ops[i], struct store_outbox_claim, base);
        assert_int_equal(ops[i]->op.err, ERR_OK);
        for (size_t j = 0; j < op->count; j++) seen[count++] = op->messages[j].id;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) assert_false(uuid_equal(seen[i], seen[j]));
    }
    /* Copies of the service may pass over rows that another is just taking, but none is lost. */
    assert_int_equal(count + claim(fixture, NOW, 30)->count, 30);
}

static void what_is_expired_is_not_claimed(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    assert_int_equal(claim(fixture, NOW + HOUR_MS, 9)->count, 0);
    assert_int_equal(claim(fixture, NOW + HOUR_MS - 1, 9)->count, 1);
}

/* ---- settle ---- */

static void settles_what_was_accepted(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *op = claim(fixture, NOW, 9);
    struct settlement item = {.id = id,
        .state = MESSAGE_ACCEPTED,
        .sent_at = NOW + 7,
        .parts = 3,
        .provider_id = SLICE("ATXid_1"),
        .provider_status = SLICE("Success"),
        .cost = SLICE("KES 0.8000")};
    assert_int_equal(settle(fixture, NOW + 8, op->token, &item, 1), 1);
    const struct message *row = get_message(fixture, id);
    assert_int_equal(row->state, MESSAGE_ACCEPTED);
    assert_int_equal(row->attempts, 1);
    assert_int_equal(row->sent_at, NOW + 7);
    assert_int_equal(row->parts, 3);
    assert_int_equal(row->due_at, NOW);
    assert_text(row->provider_id, "ATXid_1");
    assert_text(row->provider_status, "Success");
    assert_text(row->cost, "KES 0.8000");
    assert_false(slice_present(row->failure));
    assert_text(
        row->history, SENDING_1 ",{\"state\":\"accepted\",\"at\":\"2026-01-02T03:04:05.686Z\"}");
    /* Settled once; and never claimed again. */
    assert_int_equal(settle(fixture, NOW + 9, op->token, &item, 1), 0);
    assert_int_equal(claim(fixture, NOW + LEASE_MS, 9)->count, 0);
}

static void queues_again_and_keeps_what_is_not_said(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *op = claim(fixture, NOW, 9);
    struct settlement item = {.id = id,
        .state = MESSAGE_QUEUED,
        .due_at = NOW + 60000,
        .provider_status = SLICE("Retry"),
        .failure = SLICE("said \"no\"\n\xe2\x80\xa6\\")};
    assert_int_equal(settle(fixture, NOW + 1, op->token, &item, 1), 1);
    const struct message *row = get_message(fixture, id);
    assert_int_equal(row->state, MESSAGE_QUEUED);
    assert_int_equal(row->attempts, 1);
    assert_int_equal(row->due_at, NOW + 60000);
    assert_int_equal(row->parts, 2);
    assert_int_equal(row->sent_at, 0);
    assert_slice(row->failure, item.failure);
    assert_text(row->history,
        SENDING_1 ",{\"state\":\"queued\",\"at\":\"2026-01-02T03:04:05.679Z\","
                  "\"failure\":\"said \\\"no\\\"\\n\xe2\x80\xa6\\\\\"}");

    assert_int_equal(claim(fixture, NOW + 59999, 9)->count, 0);
    op = claim(fixture, NOW + 60000, 9);
    assert_int_equal(op->count, 1);
    assert_int_equal(op->messages[0].attempts, 2);
    item = (struct settlement){.id = id, .state = MESSAGE_DEAD};
    assert_int_equal(settle(fixture, NOW + 60001, op->token, &item, 1), 1);
    row = get_message(fixture, id);
    assert_text(row->provider_status, "Retry");
    assert_true(slice_present(row->failure));
    assert_int_equal(row->due_at, NOW + 60000);
}

static void gives_an_attempt_back(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *op = claim(fixture, NOW, 9);
    struct settlement item = {
        .id = id, .state = MESSAGE_QUEUED, .due_at = NOW, .attempt_refunded = true};
    assert_int_equal(settle(fixture, NOW, op->token, &item, 1), 1);
    assert_int_equal(get_message(fixture, id)->attempts, 0);
    assert_int_equal(claim(fixture, NOW, 9)->messages[0].attempts, 1);
}

static void settles_only_under_its_token(void **state)
{
    struct fixture *fixture = *state;
    struct uuid ids[3];
    add_customer(fixture, "C1");
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) ids[i] = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *op = claim(fixture, NOW, 2);
    assert_int_equal(op->count, 2);
    struct settlement items[3];
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        items[i] = (struct settlement){.id = ids[i], .state = MESSAGE_ACCEPTED, .sent_at = NOW};
    }
    assert_int_equal(settle(fixture, NOW, uuid_new(), items, 3), 0);
    /* The third was not claimed. */
    assert_int_equal(settle(fixture, NOW, op->token, items, 3), 2);
    size_t queued = 0;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        queued += get_message(fixture, ids[i])->state == MESSAGE_QUEUED;
    }
    assert_int_equal(queued, 1);
}

/* A gateway that says "later" for a day is asked thousands of times, at no expense of the message's attempts. */
static void a_history_does_not_grow_for_ever(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct settlement item = {.id = add_order(fixture, "C1", NOW),
        .state = MESSAGE_QUEUED,
        .attempt_refunded = true,
        .due_at = NOW,
        .failure = SLICE("the provider asks to send more slowly")};
    for (int i = 0; i < 300; i++) {
        struct store_outbox_claim *op = claim(fixture, NOW, 1);
        assert_int_equal(op->count, 1);
        assert_int_equal(settle(fixture, NOW, op->token, &item, 1), 1);
    }
    struct store_outbox_claim *op = claim(fixture, NOW, 1);
    struct slice claimed = op->messages[0].history;
    assert_slice(get_message(fixture, item.id)->history, claimed);
    item.state = MESSAGE_ACCEPTED;
    assert_int_equal(settle(fixture, NOW, op->token, &item, 1), 1);
    struct slice history = get_message(fixture, item.id)->history;
    assert_true(history.len < 20000);
    /* The beginning and the end are kept. */
    assert_true(slice_starts(history, SLICE(SENDING_1)));
    assert_non_null(memmem(history.ptr, history.len, "\"accepted\"", 10));
}

/* ---- sweep ---- */

static void a_lost_lease_leaves_the_message_unknown(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *op = claim(fixture, NOW, 9);
    assert_int_equal(sweep(fixture, NOW + LEASE_MS - 1)->lost, 0);
    assert_int_equal(sweep(fixture, NOW + LEASE_MS + 1)->lost, 1);
    assert_int_equal(sweep(fixture, NOW + LEASE_MS + 1)->lost, 0);
    const struct message *row = get_message(fixture, id);
    assert_int_equal(row->state, MESSAGE_UNKNOWN);
    assert_text(row->failure, "lease lost");
    assert_text(row->history,
        SENDING_1 ",{\"state\":\"unknown\",\"at\":\"2026-01-02T03:04:35.679Z\","
                  "\"failure\":\"lease lost\"}");
    /* The one that lost it comes back too late; and nobody sends it again. */
    struct settlement item = {.id = id, .state = MESSAGE_ACCEPTED, .sent_at = NOW};
    assert_int_equal(settle(fixture, NOW + LEASE_MS + 2, op->token, &item, 1), 0);
    assert_int_equal(claim(fixture, NOW + LEASE_MS + 2, 9)->count, 0);
    assert_int_equal(get_message(fixture, id)->state, MESSAGE_UNKNOWN);
}

static void expires_what_waited_too_long(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid old = add_order(fixture, "C1", NOW), young = add_order(fixture, "C1", NOW + 2);
    assert_int_equal(sweep(fixture, NOW + HOUR_MS - 1)->expired, 0);
    assert_int_equal(sweep(fixture, NOW + HOUR_MS + 1)->expired, 1);
    const struct message *row = get_message(fixture, old);
    assert_int_equal(row->state, MESSAGE_EXPIRED);
    assert_int_equal(row->attempts, 0);
    assert_text(row->failure, "expired");
    assert_text(row->history,
        ",{\"state\":\"expired\",\"at\":\"2026-01-02T04:04:05.679Z\",\"failure\":\"expired\"}");
    assert_int_equal(get_message(fixture, young)->state, MESSAGE_QUEUED);
}

static void a_message_on_its_way_does_not_expire(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *op = new_claim(fixture, NOW, 1);
    op->lease_until = NOW + 2 * HOUR_MS;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    struct store_outbox_sweep *swept = sweep(fixture, NOW + HOUR_MS + 1);
    assert_int_equal(swept->expired + swept->lost, 0);
    assert_int_equal(get_message(fixture, id)->state, MESSAGE_SENDING);
}

static void looks_at_the_queue(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct store_outbox_sweep *op = sweep(fixture, NOW);
    assert_int_equal(op->depth, 0);
    assert_int_equal(op->oldest_due, 0);
    assert_int_equal(op->next_due, 0);
    for (int i = 3; i > 0; i--) add_order(fixture, "C1", NOW + i);
    op = sweep(fixture, NOW);
    assert_int_equal(op->depth, 3);
    assert_int_equal(op->oldest_due, NOW + 1);
    assert_int_equal(op->next_due, NOW + 1);
    assert_int_equal(claim(fixture, NOW + 2, 9)->count, 2);
    op = sweep(fixture, NOW + 2);
    assert_int_equal(op->depth, 1);
    assert_int_equal(op->oldest_due, NOW + 3);
    assert_int_equal(op->next_due, NOW + 3);
}

int main(int argc, char **argv)
{
    static const struct store_case cases[] = {
        STORE_CASE(claims_the_oldest_due_first),
        STORE_CASE(a_claim_is_stored_before_it_is_answered),
        STORE_CASE(no_message_is_claimed_twice),
        STORE_CASE(what_is_expired_is_not_claimed),
        STORE_CASE(settles_what_was_accepted),
        STORE_CASE(queues_again_and_keeps_what_is_not_said),
        STORE_CASE(gives_an_attempt_back),
        STORE_CASE(settles_only_under_its_token),
        STORE_CASE(a_history_does_not_grow_for_ever),
        STORE_CASE(a_lost_lease_leaves_the_message_unknown),
        STORE_CASE(expires_what_waited_too_long),
        STORE_CASE(a_message_on_its_way_does_not_expire),
        STORE_CASE(looks_at_the_queue),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), argc > 1 ? argv[1] : "");
}
