/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists by what no index answers (words, amounts, the state of one customer's messages), their bounds, and counts; against both stores.
 */
#include <stdio.h>

#include "store_cases.h"
#include "store_sample.h"

#define ORDERS 24
#define READS 60

static struct store_list *new_list(struct fixture *fixture, enum store_verb verb)
{
    struct store_list *op = make(fixture, verb, sizeof(*op));
    op->to = INT64_MAX;
    op->most = INT64_MAX;
    op->limit = STORE_LIST_MAX;
    op->examine = STORE_EXAMINE_MAX;
    return op;
}

static void run_list(struct fixture *fixture, struct store_list *op)
{
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(op->count <= op->limit);
}

static void add_named(
    struct fixture *fixture, const char *code, const char *name, const char *phone)
{
    struct store_customer_create *op = new_customer(fixture, code);
    op->row.name = slice_of(name);
    op->row.phone = slice_of(phone);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
}

static void add_bought(
    struct fixture *fixture, const char *customer, const char *item, const char *ref)
{
    struct store_order_create *op = new_order(fixture, customer);
    op->row.item = slice_of(item);
    op->row.external_ref = slice_of(ref);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
}

static size_t found(struct fixture *fixture, enum store_verb verb, const char *words)
{
    struct store_list *op = new_list(fixture, verb);
    op->words = slice_of(words);
    run_list(fixture, op);
    assert_false(op->more);
    return op->count;
}

static void finds_words_in_the_texts_of_a_row(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *words;
        size_t customers, orders, messages;
    } rows[] = {
        {"shop-", 2, 3, 3},        /* code */
        {"SHOP", 0, 0, 0},         /* it is the caller who makes letters small */
        {"shop-1", 1, 2, 2},       /* */
        {"njeri", 1, 2, 2},        /* name */
        {"\xc3\x91", 1, 1, 1},     /* other letters as they are */
        {"\xc3\xb1", 0, 0, 0},     /* */
        {"+254711", 1, 2, 2},      /* phone */
        {"12", 1, 3, 2},           /* phone of one, reference of another's */
        {"flour", 0, 2, 2},        /* item */
        {"po-9", 0, 1, 0},         /* reference */
        {"received", 0, 0, 0},     /* not what our own text says */
        {"shop-1 flour", 0, 0, 0}, /* one text, as it stands */
        {"%", 1, 2, 2},            /* no wildcards */
        {"_", 0, 1, 1},
        {"\\", 1, 1, 1},
        {"a%a", 0, 0, 0},
        {"' or ''='", 0, 0, 0},
        {"*", 0, 0, 0},
    };
    add_named(fixture, "Shop-1", "Asha NJERI 10%", "+254711000012");
    add_named(fixture, "sHop-2",
        "\xc3\x91"
        "and\xc3\xba \\o/",
        NULL);
    add_bought(fixture, "shop-1", "Maize FLOUR", "PO-12");
    add_bought(fixture, "shop-1", "a_b", NULL);
    add_bought(fixture, "shop-2", "flour", "po-912");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t customers = found(fixture, STORE_CUSTOMER_LIST, rows[i].words);
        size_t orders = found(fixture, STORE_ORDER_LIST, rows[i].words);
        size_t messages = found(fixture, STORE_MESSAGE_LIST, rows[i].words);
        bool right = customers == rows[i].customers && orders == rows[i].orders &&
                     messages == rows[i].messages;
        if (right) continue;
        fail_msg("%s: %zu customers, %zu orders, %zu messages", rows[i].words, customers, orders,
            messages);
    }
}

static void shows_whole_rows(void **state)
{
    struct fixture *fixture = *state;
    add_named(fixture, "Shop-1", "Asha Njeri", "+254711000012");
    add_bought(fixture, "shop-1", "Maize flour", "PO-12");
    struct store_list *orders = new_list(fixture, STORE_ORDER_LIST);
    struct store_list *messages = new_list(fixture, STORE_MESSAGE_LIST);
    orders->words = messages->words = SLICE("asha");
    run_list(fixture, orders);
    run_list(fixture, messages);
    assert_int_equal(orders->count, 1);
    assert_int_equal(messages->count, 1);
    const struct order *order = orders->rows.orders;
    const struct message *message = get_message(fixture, order->message_id);
    assert_slice(order->customer, SLICE("Shop-1"));
    assert_slice(order->external_ref, SLICE("PO-12"));
    assert_id(messages->rows.messages->id, message->id);
    assert_slice(messages->rows.messages->body, message->body);
    assert_slice(messages->rows.messages->history, message->history);
}

/* Order i is worth i, in KES or every third in USD, a second apart; of "Even" and "Odd" in turn. */
static void add_orders(struct fixture *fixture)
{
    add_customer(fixture, "Even");
    add_customer(fixture, "Odd");
    for (int i = 0; i < ORDERS; i++) {
        struct store_order_create *op = new_order(fixture, i % 2 ? "Odd" : "Even");
        op->row.amount_minor = i;
        op->row.currency = i % 3 ? SLICE("KES") : SLICE("USD");
        op->row.time = NOW + i * INT64_C(1000);
        op->row.item = arena_format(op->base.arena, "item %02d", i);
        assert_int_equal(run(fixture, &op->base), ERR_OK);
    }
}

static void compares_amounts_of_one_currency(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *currency, *customer, *words;
        int64_t least, most;
        size_t count;
    } rows[] = {
        {"KES", NULL, NULL, 0, INT64_MAX, 16},
        {"USD", NULL, NULL, 0, INT64_MAX, 8},
        {"EUR", NULL, NULL, 0, INT64_MAX, 0},
        {"KES", NULL, NULL, 4, 7, 3},
        {"KES", NULL, NULL, 7, 7, 1},
        {"KES", NULL, NULL, 6, 6, 0},
        {"USD", NULL, NULL, 7, 6, 0},
        {"USD", "odd", NULL, 0, INT64_MAX, 4},
        {"USD", "odd", NULL, 4, 20, 2},
        {"USD", NULL, "item 1", 0, INT64_MAX, 3},
        {"USD", "Even", "item 1", 13, INT64_MAX, 1},
        {"USD", "nobody", NULL, 0, INT64_MAX, 0},
    };
    add_orders(fixture);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_list *op = new_list(fixture, STORE_ORDER_LIST);
        op->currency = slice_of(rows[i].currency);
        op->customer = slice_of(rows[i].customer);
        op->words = slice_of(rows[i].words);
        op->least = rows[i].least;
        op->most = rows[i].most;
        run_list(fixture, op);
        if (op->count != rows[i].count) fail_msg("row %zu: %zu", i, op->count);
    }
}

/* Follows a search to its end: how many rows it showed, each older than the one before. */
static size_t walk(
    struct fixture *fixture, const struct store_list *filters, size_t *pages, size_t *shown)
{
    struct store_place last = {.at = INT64_MAX};
    struct store_list *op;
    *pages = *shown = 0;
    do {
        op = new_list(fixture, filters->base.verb);
        struct store_op base = op->base;
        *op = *filters;
        op->base = base;
        op->after = *pages > 0;
        op->place = last;
        run_list(fixture, op);
        for (size_t i = 0; i < op->count; i++) {
            assert_true(store_list_place(op, i).at < last.at);
            last = store_list_place(op, i);
        }
        assert_true(!op->more || op->stopped || op->count == op->limit);
        if (op->more) last = store_list_end(op);
        *shown += op->count;
        ++*pages;
    } while (op->more);
    return *shown;
}

/* Eight of 24 rows are searched for: however little a page may look at, none is lost and none shown twice. */
static void goes_on_where_it_stopped(void **state)
{
    struct fixture *fixture = *state;
    size_t pages, shown;
    add_orders(fixture);
    for (size_t limit = 1; limit <= 9; limit++) {
        for (size_t examine = 1; examine <= ORDERS + 1; examine++) {
            struct store_list filters = *new_list(fixture, STORE_ORDER_LIST);
            filters.currency = SLICE("USD");
            filters.limit = limit;
            filters.examine = examine;
            walk(fixture, &filters, &pages, &shown);
            assert_int_equal(shown, ORDERS / 3);
            /* The last page may have nothing to look at. */
            if (limit == 9) assert_int_equal(pages, ORDERS / examine + 1);
        }
    }
}

static void looks_at_no_more_than_it_may(void **state)
{
    struct fixture *fixture = *state;
    static const enum store_verb verbs[] = {STORE_ORDER_LIST, STORE_MESSAGE_LIST};
    add_orders(fixture);
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        struct store_list *op = new_list(fixture, verbs[i]);
        op->words = SLICE("item 00");
        op->examine = ORDERS - 1;
        op->limit = 1;
        run_list(fixture, op);
        assert_int_equal(op->count, 0);
        assert_true(op->more && op->stopped);
        op = new_list(fixture, verbs[i]);
        op->words = SLICE("item 00");
        op->examine = ORDERS + 1;
        run_list(fixture, op);
        assert_int_equal(op->count, 1);
        assert_false(op->more || op->stopped);
    }
}

static void the_state_of_a_customers_messages_is_searched(void **state)
{
    struct fixture *fixture = *state;
    add_orders(fixture);
    struct store_customer_create *mute = new_customer(fixture, "Mute");
    mute->row.phone = slice_absent();
    assert_int_equal(run(fixture, &mute->base), ERR_OK);
    add_order(fixture, "Mute", NOW);
    static const struct {
        const char *customer;
        enum message_state state;
        size_t count, first;
    } rows[] = {
        {"Odd", MESSAGE_QUEUED, ORDERS / 2, 3},
        {"Odd", MESSAGE_SKIPPED, 0, 0},
        {"mute", MESSAGE_SKIPPED, 1, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_list *op = new_list(fixture, STORE_MESSAGE_LIST);
        op->customer = slice_of(rows[i].customer);
        op->by_state = true;
        op->state = rows[i].state;
        op->count_max = 100;
        run_list(fixture, op);
        assert_int_equal(op->count, rows[i].count);
        assert_int_equal(op->total, rows[i].count);
        op = new_list(fixture, STORE_MESSAGE_LIST);
        op->customer = slice_of(rows[i].customer);
        op->by_state = true;
        op->state = rows[i].state;
        op->examine = 3;
        run_list(fixture, op);
        assert_int_equal(op->count, rows[i].first);
    }
}

static int64_t total(struct fixture *fixture, struct store_list *op, size_t count_max)
{
    op->count_max = count_max;
    op->limit = 2;
    run_list(fixture, op);
    return op->total;
}

static void counts_all_rows_of_the_filters(void **state)
{
    struct fixture *fixture = *state;
    add_orders(fixture);
    assert_int_equal(total(fixture, new_list(fixture, STORE_CUSTOMER_LIST), 9), 2);
    assert_int_equal(total(fixture, new_list(fixture, STORE_MESSAGE_LIST), 99), ORDERS);
    struct store_list *op = new_list(fixture, STORE_ORDER_LIST);
    assert_int_equal(total(fixture, op, 99), ORDERS);
    struct store_list *next = new_list(fixture, STORE_ORDER_LIST);
    next->after = true;
    next->place = store_list_end(op);
    assert_int_equal(total(fixture, next, 99), ORDERS);
    assert_int_equal(next->count, 2);
    op = new_list(fixture, STORE_ORDER_LIST);
    op->customer = SLICE("ODD");
    op->from = NOW + 2000;
    op->to = NOW + 9000;
    assert_int_equal(total(fixture, op, 99), 3);
    op = new_list(fixture, STORE_ORDER_LIST);
    op->currency = SLICE("USD");
    op->customer = SLICE("odd");
    assert_int_equal(total(fixture, op, 99), 4);
    op = new_list(fixture, STORE_MESSAGE_LIST);
    op->words = SLICE("even");
    assert_int_equal(total(fixture, op, 99), ORDERS / 2);
}

static void counts_up_to_a_bound(void **state)
{
    struct fixture *fixture = *state;
    add_orders(fixture);
    assert_int_equal(total(fixture, new_list(fixture, STORE_ORDER_LIST), ORDERS), ORDERS);
    assert_int_equal(total(fixture, new_list(fixture, STORE_ORDER_LIST), ORDERS - 1), -1);
    struct store_list *op = new_list(fixture, STORE_ORDER_LIST);
    op->words = SLICE("item 00");
    assert_int_equal(total(fixture, op, ORDERS), 1);
    op = new_list(fixture, STORE_ORDER_LIST);
    op->words = SLICE("item 00");
    assert_int_equal(total(fixture, op, ORDERS - 1), -1);
    op = new_list(fixture, STORE_ORDER_LIST);
    run_list(fixture, op);
    assert_int_equal(op->total, 0);
}

/* Answers of one and of two statements between each other, over three links. */
static void counted_lists_get_their_own_answers(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[READS];
    add_orders(fixture);
    for (size_t i = 0; i < READS; i++) {
        struct store_list *op = new_list(fixture, STORE_ORDER_LIST);
        op->limit = i % 7 + 1;
        op->count_max = i % 2 ? ORDERS : 0;
        if (i % 3 == 0) op->currency = SLICE("USD");
        ops[i] = &op->base;
    }
    run_all(fixture, ops, READS, CLIENTS);
    for (size_t i = 0; i < READS; i++) {
        struct store_list *op = CONTAINER_OF(ops[i], struct store_list, base);
        assert_int_equal(op->base.op.err, ERR_OK);
        assert_int_equal(op->count, op->limit);
        assert_int_equal(op->total, i % 2 == 0 ? 0 : i % 3 ? ORDERS : ORDERS / 3);
    }
}

int main(int argc, char **argv)
{
    static const struct store_case cases[] = {
        STORE_CASE(finds_words_in_the_texts_of_a_row),
        STORE_CASE(shows_whole_rows),
        STORE_CASE(compares_amounts_of_one_currency),
        STORE_CASE(goes_on_where_it_stopped),
        STORE_CASE(looks_at_no_more_than_it_may),
        STORE_CASE(the_state_of_a_customers_messages_is_searched),
        STORE_CASE(counts_all_rows_of_the_filters),
        STORE_CASE(counts_up_to_a_bound),
        STORE_CASE(counted_lists_get_their_own_answers),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), argc > 1 ? argv[1] : "");
}
