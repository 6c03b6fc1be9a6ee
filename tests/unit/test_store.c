/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of store/store.h for creates, gets, lists and keys, held against both stores. Cases say what a caller sees and
 * nothing of how a store does it.
 */
#include "store/store.h"

#include <stdio.h>

#include "store_cases.h"
#include "store_sample.h"

#define RACERS 100
#define MEMBERS 300
#define CUSTOMERS 20

static struct store_list *new_list(struct fixture *fixture, enum store_verb verb, size_t limit)
{
    struct store_list *op = make(fixture, verb, sizeof(*op));
    op->to = INT64_MAX;
    op->limit = limit;
    return op;
}

static struct store_key key_of(const char *id, const char *fingerprint)
{
    return (struct store_key){
        true, digest_sha256(slice_of(id)), digest_sha256(slice_of(fingerprint))};
}

static size_t count_rows(struct fixture *fixture, enum store_verb verb)
{
    struct store_list *op = new_list(fixture, verb, STORE_LIST_MAX);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_false(op->more);
    return op->count;
}

/* ---- create and get ---- */

static void reads_back_a_customer(void **state)
{
    struct fixture *fixture = *state;
    struct store_customer_create *op = new_customer(fixture, "Kisumu-1.a_B");
    op->row.name = SLICE("Ng'ang'a \"Ñandú\" \xf0\x9f\x99\x82");
    op->row.language = SLICE("sw-KE");
    op->row.sms_opt_out = true;
    op->row.version = INT64_C(1) << 40;
    op->row.updated_at = NOW + 1;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_false(op->replay.hit);

    struct store_get *got = get(fixture, STORE_CUSTOMER_GET, op->row.id);
    const struct customer *row = &got->row.customer;
    assert_int_equal(got->base.op.err, ERR_OK);
    assert_id(row->id, op->row.id);
    assert_text(row->code, "Kisumu-1.a_B");
    assert_slice(row->name, op->row.name);
    assert_text(row->phone, "+254700000001");
    assert_text(row->language, "sw-KE");
    assert_true(row->sms_opt_out);
    assert_int_equal(row->version, INT64_C(1) << 40);
    assert_int_equal(row->created_at, NOW);
    assert_int_equal(row->updated_at, NOW + 1);
}

static void keeps_what_a_customer_lacks_absent(void **state)
{
    struct fixture *fixture = *state;
    struct store_customer_create *op = new_customer(fixture, "C1");
    op->row.phone = slice_absent();
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    struct store_get *got = get(fixture, STORE_CUSTOMER_GET, op->row.id);
    assert_int_equal(got->base.op.err, ERR_OK);
    assert_false(slice_present(got->row.customer.phone));
    assert_false(slice_present(got->row.customer.language));
    assert_false(got->row.customer.sms_opt_out);
}

static void assert_order(const struct order *row, const struct store_order_create *op)
{
    assert_id(row->id, op->row.id);
    assert_id(row->customer_id, op->row.customer_id);
    assert_text(row->customer, "Case");
    assert_slice(row->item, op->row.item);
    assert_int_equal(row->amount_minor, op->row.amount_minor);
    assert_text(row->currency, "USD");
    assert_int_equal(row->time, op->row.time);
    assert_slice(row->external_ref, op->row.external_ref);
    assert_text(row->created_by, "tester");
    assert_int_equal(row->version, 7);
    assert_int_equal(row->created_at, NOW);
    assert_int_equal(row->updated_at, NOW + 2);
    assert_id(row->message_id, op->message.id);
    assert_int_equal(row->message_state, MESSAGE_QUEUED);
}

static void reads_back_an_order(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "Case");
    struct store_order_create *op = new_order(fixture, "cASE");
    op->row.item = SLICE("Sukuma wiki \xe2\x80\x94 3 \xc3\x97 \"bunch\"");
    op->row.amount_minor = INT64_C(9007199254740993);
    op->row.currency = SLICE("USD");
    op->row.time = NOW - 86400001;
    op->row.external_ref = SLICE("shop/1 \xc3\xa9");
    op->row.version = 7;
    op->row.updated_at = NOW + 2;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_order(&op->row, op);
    struct store_get *got = get(fixture, STORE_ORDER_GET, op->row.id);
    assert_int_equal(got->base.op.err, ERR_OK);
    assert_order(&got->row.order, op);
}

static void reads_back_the_message_of_an_order(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "Case");
    struct store_order_create *op = new_order(fixture, "case");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    const struct message *row = get_message(fixture, op->message.id);
    assert_id(row->order_id, op->row.id);
    assert_id(row->customer_id, op->row.customer_id);
    assert_text(row->customer, "Case");
    assert_text(row->to, "+254700000001");
    assert_text(row->body, "Sample: Maize, 2 bags");
    assert_int_equal(row->encoding, MESSAGE_UCS2);
    assert_int_equal(row->parts, 2);
    assert_int_equal(row->state, MESSAGE_QUEUED);
    assert_int_equal(row->attempts, 0);
    assert_int_equal(row->due_at, NOW);
    assert_int_equal(row->expires_at, NOW + HOUR_MS);
    assert_int_equal(row->created_at, NOW);
    assert_int_equal(row->sent_at, 0);
    assert_int_equal(row->delivered_at, 0);
    assert_false(slice_present(row->provider_id) || slice_present(row->provider_status));
    assert_false(slice_present(row->cost) || slice_present(row->failure));
    assert_int_equal(row->history.len, 0);
}

static void skips_the_message_without_a_number(void **state)
{
    struct fixture *fixture = *state;
    struct store_customer_create *customer = new_customer(fixture, "C1");
    customer->row.phone = slice_absent();
    assert_int_equal(run(fixture, &customer->base), ERR_OK);
    size_t nudges = atomic_load(&fixture->nudges);
    struct store_order_create *op = new_order(fixture, "C1");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    const struct message *row = get_message(fixture, op->message.id);
    assert_int_equal(row->state, MESSAGE_SKIPPED);
    assert_text(row->failure, "no number");
    assert_false(slice_present(row->to));
    assert_int_equal(atomic_load(&fixture->nudges), nudges);
}

static void tells_of_queued_messages(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    assert_int_equal(atomic_load(&fixture->nudges), 0);
    add_order(fixture, "C1", NOW);
    /* The nudge may follow the answer; another answer of the same thread is behind it. */
    add_customer(fixture, "C2");
    assert_int_equal(atomic_load(&fixture->nudges), 1);
}

static void finds_nothing_under_an_unknown_id(void **state)
{
    struct fixture *fixture = *state;
    static const enum store_verb verbs[] = {STORE_CUSTOMER_GET, STORE_ORDER_GET, STORE_MESSAGE_GET};
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        struct store_get *op = get(fixture, verbs[i], uuid_new());
        assert_int_equal(op->base.op.err, ERR_NOT_FOUND);
    }
}

static void lends_a_secret(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    assert_true(store_ready(fixture->store));
    assert_int_equal(store_secret(fixture->store).len, 32);
}

/* ---- refusals ---- */

static void refuses_a_taken_code(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "Nairobi-1");
    struct store_customer_create *op = new_customer(fixture, "nAIROBI-1");
    op->key = key_of("k", "f");
    assert_int_equal(run(fixture, &op->base), ERR_CODE_TAKEN);
    assert_int_equal(count_rows(fixture, STORE_CUSTOMER_LIST), 1);
    /* A refusal is not kept: the key may be used for a request that succeeds. */
    struct store_customer_create *again = new_customer(fixture, "Nairobi-2");
    again->key = key_of("k", "f");
    assert_int_equal(run(fixture, &again->base), ERR_OK);
    assert_false(again->replay.hit);
}

static void refuses_an_order_of_nobody(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    assert_int_equal(run(fixture, &new_order(fixture, "C2")->base), ERR_UNKNOWN_CUSTOMER);
    assert_int_equal(count_rows(fixture, STORE_ORDER_LIST), 0);
    assert_int_equal(count_rows(fixture, STORE_MESSAGE_LIST), 0);
}

static enum err order_with_ref(struct fixture *fixture, const char *customer, const char *ref)
{
    struct store_order_create *op = new_order(fixture, customer);
    op->row.external_ref = slice_of(ref);
    return run(fixture, &op->base);
}

static void refuses_a_taken_reference(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    assert_int_equal(order_with_ref(fixture, "C1", "ref-1"), ERR_OK);
    assert_int_equal(order_with_ref(fixture, "C1", "ref-1"), ERR_REF_TAKEN);
    assert_int_equal(order_with_ref(fixture, "C1", "REF-1"), ERR_OK);
    assert_int_equal(order_with_ref(fixture, "C2", "ref-1"), ERR_UNKNOWN_CUSTOMER);
    assert_int_equal(count_rows(fixture, STORE_MESSAGE_LIST), 2);
}

/* One of the members breaks a rule of the database that no look-up foresees. */
static void a_bad_member_fails_alone(void **state)
{
    struct fixture *fixture = *state;
    static const size_t places[] = {0, 31, 63};
    struct store_op *ops[64];
    add_customer(fixture, "C1");
    for (size_t place = 0; place < ARRAY_LEN(places); place++) {
        for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
            struct store_order_create *op = new_order(fixture, "C1");
            if (i == places[place]) op->row.amount_minor = -1;
            ops[i] = &op->base;
        }
        run_all(fixture, ops, ARRAY_LEN(ops), 1);
        for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
            assert_int_equal(ops[i]->op.err, i == places[place] ? ERR_INTERNAL : ERR_OK);
        }
    }
    assert_int_equal(count_rows(fixture, STORE_ORDER_LIST), 3 * 63);
    assert_int_equal(count_rows(fixture, STORE_MESSAGE_LIST), 3 * 63);
}

/* ---- idempotency keys ---- */

static void replays_the_stored_answer(void **state)
{
    struct fixture *fixture = *state;
    struct store_customer_create *customer = new_customer(fixture, "C1"),
                                 *repeated = new_customer(fixture, "C1");
    customer->key = repeated->key = key_of("customer", "body");
    assert_int_equal(run(fixture, &customer->base), ERR_OK);
    assert_int_equal(run(fixture, &repeated->base), ERR_OK);
    assert_false(customer->replay.hit);
    assert_true(repeated->replay.hit);
    assert_int_equal(repeated->replay.status, 201);
    assert_id(repeated->replay.resource, customer->row.id);
    assert_slice(repeated->replay.body, render_id(customer->row.id, customer->base.arena));
    assert_int_equal(count_rows(fixture, STORE_CUSTOMER_LIST), 1);
}

static void refuses_a_key_of_another_request(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct store_order_create *first = new_order(fixture, "C1"), *other = new_order(fixture, "C1");
    first->key = key_of("key", "one body");
    other->key = key_of("key", "another body");
    assert_int_equal(run(fixture, &first->base), ERR_OK);
    assert_int_equal(run(fixture, &other->base), ERR_KEY_REUSED);
    assert_false(other->replay.hit);
    assert_int_equal(count_rows(fixture, STORE_ORDER_LIST), 1);
}

/* S01 within one process: 100 requests with one key over three links. */
static void one_key_makes_one_order(void **state)
{
    struct fixture *fixture = *state;
    struct store_order_create *orders[RACERS];
    struct store_op *ops[RACERS];
    const struct store_order_create *winner = NULL;
    add_customer(fixture, "C1");
    for (size_t i = 0; i < RACERS; i++) {
        orders[i] = new_order(fixture, "C1");
        orders[i]->key = key_of("key", "body");
        ops[i] = &orders[i]->base;
    }
    run_all(fixture, ops, RACERS, CLIENTS);
    for (size_t i = 0; i < RACERS; i++) {
        assert_int_equal(ops[i]->op.err, ERR_OK);
        if (orders[i]->replay.hit) continue;
        assert_null(winner);
        winner = orders[i];
    }
    assert_non_null(winner);
    struct slice answer = render_id(winner->row.id, fixture_arena(fixture));
    for (size_t i = 0; i < RACERS; i++) {
        if (orders[i] == winner) continue;
        assert_slice(orders[i]->replay.body, answer);
        assert_id(orders[i]->replay.resource, winner->row.id);
    }
    assert_int_equal(count_rows(fixture, STORE_ORDER_LIST), 1);
    assert_int_equal(count_rows(fixture, STORE_MESSAGE_LIST), 1);
}

static int64_t purge(struct fixture *fixture, int64_t before)
{
    struct store_keys_purge *op = make(fixture, STORE_KEYS_PURGE, sizeof(*op));
    op->before = before;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op->deleted;
}

static void purges_old_keys(void **state)
{
    struct fixture *fixture = *state;
    static const char *const codes[] = {"A", "B", "C"};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        struct store_customer_create *op = new_customer(fixture, codes[i]);
        op->key = key_of(codes[i], "f");
        op->row.created_at = NOW + (int64_t)i;
        assert_int_equal(run(fixture, &op->base), ERR_OK);
    }
    assert_int_equal(purge(fixture, NOW + 1), 1);
    assert_int_equal(purge(fixture, NOW + 1), 0);
    /* Purged: the same request is a new one, and finds its code taken. Kept: replayed. */
    struct store_customer_create *gone = new_customer(fixture, "A"),
                                 *kept = new_customer(fixture, "B");
    gone->key = key_of("A", "f");
    kept->key = key_of("B", "f");
    assert_int_equal(run(fixture, &gone->base), ERR_CODE_TAKEN);
    assert_int_equal(run(fixture, &kept->base), ERR_OK);
    assert_true(kept->replay.hit);
}

/* ---- lists ---- */

/* What the pages of one list showed, in order. */
struct shown {
    size_t count, pages;
    struct store_place places[STORE_LIST_MAX];
};

static struct store_place place_of(const struct store_list *op, size_t index)
{
    const struct order *order = &op->rows.orders[index];
    const struct customer *customer = &op->rows.customers[index];
    const struct message *message = &op->rows.messages[index];
    switch (op->base.verb) {
    case STORE_ORDER_LIST: return (struct store_place){order->time, order->id};
    case STORE_CUSTOMER_LIST: return (struct store_place){customer->created_at, customer->id};
    default: return (struct store_place){message->created_at, message->id};
    }
}

static bool newer(const struct store_place *a, const struct store_place *b)
{
    if (a->at != b->at) return a->at > b->at;
    return memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes)) > 0;
}

/* Pages through a list to its end. Each row must be older than the one before, so none can be shown twice. */
static void page_through(
    struct fixture *fixture, const struct store_list *filters, struct shown *shown)
{
    struct store_list *op = NULL;
    *shown = (struct shown){0};
    do {
        op = new_list(fixture, filters->base.verb, filters->limit);
        struct store_op base = op->base;
        *op = *filters;
        op->base = base;
        if (!op->examine) op->examine = STORE_EXAMINE_MAX;
        op->after = shown->count > 0;
        if (op->after) op->place = shown->places[shown->count - 1];
        assert_int_equal(run(fixture, &op->base), ERR_OK);
        assert_true(op->count <= op->limit && (op->count == op->limit || !op->more));
        for (size_t i = 0; i < op->count; i++) {
            struct store_place *place = &shown->places[shown->count++];
            *place = place_of(op, i);
            if (shown->count > 1) assert_true(newer(place - 1, place));
        }
        shown->pages++;
    } while (op->more);
}

static void assert_pages(struct fixture *fixture, const struct store_list *filters, size_t expected)
{
    struct shown shown;
    page_through(fixture, filters, &shown);
    assert_int_equal(shown.count, expected);
    size_t pages = (expected + filters->limit - 1) / filters->limit;
    assert_int_equal(shown.pages, pages ? pages : 1);
}

/* 30 orders: 20 of "Even", 10 of "Odd", three at each of ten times, one second apart. */
static void add_sample_orders(struct fixture *fixture)
{
    add_customer(fixture, "Even");
    add_customer(fixture, "Odd");
    for (int i = 0; i < 30; i++) {
        add_order(fixture, i % 3 ? "Even" : "Odd", NOW + i / 3 * INT64_C(1000));
    }
}

static void pages_to_the_end(void **state)
{
    struct fixture *fixture = *state;
    static const size_t limits[] = {1, 7, 10, 15, 29, 30, 31, STORE_LIST_MAX};
    add_sample_orders(fixture);
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct store_list list = {
            .base.verb = STORE_ORDER_LIST, .to = INT64_MAX, .limit = limits[i]};
        assert_pages(fixture, &list, 30);
        list.base.verb = STORE_MESSAGE_LIST;
        assert_pages(fixture, &list, 30);
        list.customer = SLICE("odd");
        assert_pages(fixture, &list, 10);
        list.base.verb = STORE_ORDER_LIST;
        assert_pages(fixture, &list, 10);
    }
}

static void pages_through_customers(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < CUSTOMERS; i++) {
        struct store_customer_create *op = new_customer(fixture, "");
        op->row.code = arena_format(op->base.arena, "C%d", i);
        op->row.created_at = NOW + i / 4;
        assert_int_equal(run(fixture, &op->base), ERR_OK);
    }
    struct store_list list = {.base.verb = STORE_CUSTOMER_LIST, .to = INT64_MAX, .limit = 3};
    assert_pages(fixture, &list, CUSTOMERS);
    list.from = NOW + 1;
    assert_pages(fixture, &list, CUSTOMERS - 4);
    list.to = NOW + 3;
    assert_pages(fixture, &list, 8);
    list = (struct store_list){
        .base.verb = STORE_CUSTOMER_LIST, .to = INT64_MAX, .limit = 3, .customer = SLICE("c17")};
    assert_pages(fixture, &list, 1);
}

static void filters_by_time_half_open(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        int64_t from, to;
        size_t all, odd;
    } rows[] = {
        {NOW, NOW + 1000, 3, 1},
        {NOW, NOW + 1001, 6, 2},
        {NOW + 1, NOW + 1000, 0, 0},
        {NOW + 8999, INT64_MAX, 3, 1},
        {NOW + 9001, INT64_MAX, 0, 0},
        {0, NOW, 0, 0},
        {NOW + 2000, NOW + 5000, 9, 3},
    };
    add_sample_orders(fixture);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_list list = {
            .base.verb = STORE_ORDER_LIST, .from = rows[i].from, .to = rows[i].to, .limit = 2};
        assert_pages(fixture, &list, rows[i].all);
        list.customer = SLICE("ODD");
        assert_pages(fixture, &list, rows[i].odd);
        list.base.verb = STORE_MESSAGE_LIST;
        assert_pages(fixture, &list, rows[i].odd);
    }
}

static void filters_messages_by_state_and_order(void **state)
{
    struct fixture *fixture = *state;
    add_sample_orders(fixture);
    struct store_customer_create *mute = new_customer(fixture, "Mute");
    mute->row.phone = slice_absent();
    assert_int_equal(run(fixture, &mute->base), ERR_OK);
    struct store_order_create *order = new_order(fixture, "Mute");
    assert_int_equal(run(fixture, &order->base), ERR_OK);
    struct store_list list = {.base.verb = STORE_MESSAGE_LIST,
        .to = INT64_MAX,
        .limit = 9,
        .by_state = true,
        .state = MESSAGE_QUEUED};
    assert_pages(fixture, &list, 30);
    list.state = MESSAGE_SKIPPED;
    assert_pages(fixture, &list, 1);
    list.customer = SLICE("Odd");
    assert_pages(fixture, &list, 0);
    list = (struct store_list){.base.verb = STORE_MESSAGE_LIST,
        .to = INT64_MAX,
        .limit = 9,
        .by_order = true,
        .order = order->row.id};
    assert_pages(fixture, &list, 1);
    list.by_state = true;
    list.state = MESSAGE_QUEUED;
    assert_pages(fixture, &list, 0);
}

static void an_unknown_customer_has_no_rows(void **state)
{
    struct fixture *fixture = *state;
    static const enum store_verb verbs[] = {
        STORE_CUSTOMER_LIST, STORE_ORDER_LIST, STORE_MESSAGE_LIST};
    add_sample_orders(fixture);
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        struct store_list list = {
            .base.verb = verbs[i], .to = INT64_MAX, .limit = 9, .customer = SLICE("Nobody")};
        assert_pages(fixture, &list, 0);
    }
}

/* ---- many at once ---- */

static void assert_one_message_each(struct fixture *fixture)
{
    struct store_list *orders = new_list(fixture, STORE_ORDER_LIST, STORE_LIST_MAX);
    do {
        assert_int_equal(run(fixture, &orders->base), ERR_OK);
        for (size_t i = 0; i < orders->count; i++) {
            const struct order *order = &orders->rows.orders[i];
            struct store_list *messages = new_list(fixture, STORE_MESSAGE_LIST, 2);
            messages->by_order = true;
            messages->order = order->id;
            assert_int_equal(run(fixture, &messages->base), ERR_OK);
            assert_int_equal(messages->count, 1);
            assert_id(messages->rows.messages[0].id, order->message_id);
            orders->place = (struct store_place){order->time, order->id};
        }
        orders->after = true;
    } while (orders->more);
}

/* Orders over three links, every third for nobody, every seventh with a reference that is taken. */
static void orders_and_messages_stand_together(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[MEMBERS];
    size_t counts[ERR_COUNT] = {0};
    add_customer(fixture, "C1");
    for (size_t i = 0; i < MEMBERS; i++) {
        struct store_order_create *op = new_order(fixture, i % 3 == 0 ? "Nobody" : "C1");
        if (i % 7 == 0) op->row.external_ref = SLICE("one");
        ops[i] = &op->base;
    }
    run_all(fixture, ops, MEMBERS, CLIENTS);
    for (size_t i = 0; i < MEMBERS; i++) counts[ops[i]->op.err]++;
    /* Of 300, 100 are for nobody; of the 200 others 28 carry the reference, and one of these wins. */
    assert_int_equal(counts[ERR_UNKNOWN_CUSTOMER], 100);
    assert_int_equal(counts[ERR_REF_TAKEN], 27);
    assert_int_equal(counts[ERR_OK], 173);
    assert_int_equal(count_rows(fixture, STORE_ORDER_LIST), 173);
    assert_int_equal(count_rows(fixture, STORE_MESSAGE_LIST), 173);
    assert_one_message_each(fixture);
}

static void takes_three_hundred_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[MEMBERS];
    add_customer(fixture, "C1");
    for (size_t i = 0; i < MEMBERS; i++) ops[i] = &new_order(fixture, "C1")->base;
    run_all(fixture, ops, MEMBERS, CLIENTS);
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_int_equal(ops[i]->op.err, ERR_OK);
        struct store_order_create *op = CONTAINER_OF(ops[i], struct store_order_create, base);
        assert_int_equal(get(fixture, STORE_ORDER_GET, op->row.id)->base.op.err, ERR_OK);
        assert_id(get_message(fixture, op->message.id)->order_id, op->row.id);
    }
}

/* More at once than may wait: each is either written or turned away at once. */
static void turns_away_what_it_cannot_hold(void **state)
{
    struct fixture *fixture = *state;
    size_t count = 3 * STORE_QUEUE_MAX, counts[ERR_COUNT] = {0};
    struct store_op **ops = arena_alloc(fixture_arena(fixture), count * sizeof(struct store_op *));
    add_customer(fixture, "C1");
    for (size_t i = 0; i < count; i++) ops[i] = &new_order(fixture, "C1")->base;
    run_all(fixture, ops, count, 1);
    for (size_t i = 0; i < count; i++) counts[ops[i]->op.err]++;
    assert_true(counts[ERR_BUSY] > 0);
    assert_true(counts[ERR_OK] >= STORE_QUEUE_MAX);
    assert_int_equal(counts[ERR_OK] + counts[ERR_BUSY], count);
}

int main(int argc, char **argv)
{
    static const struct store_case cases[] = {
        STORE_CASE(reads_back_a_customer),
        STORE_CASE(keeps_what_a_customer_lacks_absent),
        STORE_CASE(reads_back_an_order),
        STORE_CASE(reads_back_the_message_of_an_order),
        STORE_CASE(skips_the_message_without_a_number),
        STORE_CASE(tells_of_queued_messages),
        STORE_CASE(finds_nothing_under_an_unknown_id),
        STORE_CASE(lends_a_secret),
        STORE_CASE(refuses_a_taken_code),
        STORE_CASE(refuses_an_order_of_nobody),
        STORE_CASE(refuses_a_taken_reference),
        STORE_CASE(a_bad_member_fails_alone),
        STORE_CASE(replays_the_stored_answer),
        STORE_CASE(refuses_a_key_of_another_request),
        STORE_CASE(one_key_makes_one_order),
        STORE_CASE(purges_old_keys),
        STORE_CASE(pages_to_the_end),
        STORE_CASE(pages_through_customers),
        STORE_CASE(filters_by_time_half_open),
        STORE_CASE(filters_messages_by_state_and_order),
        STORE_CASE(an_unknown_customer_has_no_rows),
        STORE_CASE(orders_and_messages_stand_together),
        STORE_CASE(takes_three_hundred_at_once),
        STORE_CASE(turns_away_what_it_cannot_hold),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), argc > 1 ? argv[1] : "");
}
