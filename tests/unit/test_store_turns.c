/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What claim, settle and sweep do besides (test_store_outbox.c has the plain cases), held against both stores: fair turns, the list of
 * suppressions, spending, the switch.
 */
#include "store/outbox.h"

#include "store/history.h"
#include "store_sms_cases.h"

static void suppress(struct fixture *fixture, const char *phone, const char *sender)
{
    struct store_suppression_add *op = make(fixture, STORE_SUPPRESSION_ADD, sizeof(*op));
    op->row = (struct suppression){.id = uuid_new(),
        .phone = slice_of(phone),
        .sender = slice_of(sender),
        .source = SLICE("manual"),
        .created_by = SLICE("asha"),
        .created_at = NOW};
    op->entry = entry_of(AUDIT_SUPPRESSION_ADDED, phone);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
}

static struct store_list *suppressions(struct fixture *fixture)
{
    struct store_list *op = make(fixture, STORE_SUPPRESSION_LIST, sizeof(*op));
    op->to = INT64_MAX;
    op->limit = STORE_LIST_MAX;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op;
}

/* ---- fair turns ---- */

#define FLOOD 1000
static void a_flood_does_not_delay_others(void **state)
{
    struct fixture *fixture = *state;
    static struct store_op *ops[FLOOD];
    add_customer(fixture, "C1");
    add_customer(fixture, "C2");
    for (size_t i = 0; i < FLOOD; i++) ops[i] = &new_order(fixture, "C1")->base;
    run_all(fixture, ops, FLOOD, CLIENTS);
    struct uuid other = add_order(fixture, "C2", NOW + 10);
    struct store_outbox_claim *op = claim(fixture, NOW + 10, 10);
    bool found = false;
    assert_int_equal(op->count, 10);
    for (size_t i = 0; i < op->count; i++) found = found || uuid_equal(op->messages[i].id, other);
    assert_true(found);
    /* Nobody else waits: what is not its turn yet uses the room. */
    assert_int_equal(claim(fixture, NOW + 10, FLOOD)->count, FLOOD + 1 - 10);
    assert_int_equal(sweep(fixture, NOW + 10, true)->depth, 0);
}

static void one_customers_messages_keep_their_order(void **state)
{
    struct fixture *fixture = *state;
    struct uuid ids[6];
    add_customer(fixture, "C1");
    for (int i = 0; i < 6; i++) ids[i] = add_order(fixture, "C1", NOW + i);
    for (int i = 0; i < 6; i += 2) {
        struct store_outbox_claim *op = claim(fixture, NOW + 5, 2);
        assert_int_equal(op->count, 2);
        assert_id(op->messages[0].id, ids[i]);
        assert_id(op->messages[1].id, ids[i + 1]);
    }
}

static void a_retry_is_not_before_it_is_due(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_order(fixture, "C1", NOW);
    send_as(fixture, NOW, (struct settlement){.state = MESSAGE_QUEUED, .due_at = NOW + 5000});
    assert_int_equal(sweep(fixture, NOW, false)->next_due, NOW + 5000);
    assert_int_equal(claim(fixture, NOW + 4999, 9)->count, 0);
    struct store_outbox_claim *op = claim(fixture, NOW + 5000, 9);
    assert_int_equal(op->count, 1);
    assert_id(op->messages[0].id, id);
}

/* ---- suppression ---- */

static void assert_suppressed(struct fixture *fixture, struct uuid id, const char *failure)
{
    const struct message *row = get_message(fixture, id);
    assert_int_equal(row->state, MESSAGE_SUPPRESSED);
    assert_int_equal(row->attempts, 0);
    assert_text(row->failure, failure);
    struct slice step = arena_format(fixture_arena(fixture),
        ",{\"state\":\"suppressed\",\"at\":\"2026-01-02T03:04:05.678Z\",\"failure\":\"%s\"}",
        failure);
    assert_slice(row->history, step);
}

static void a_listed_number_gets_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const char *const senders[] = {SENDER, "agizo", ""};
    for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
        char phone[] = "+254700000010", code[] = "C1";
        phone[12] = (char)('0' + i);
        code[1] = (char)('1' + i);
        struct store_customer_create *customer = new_customer(fixture, code);
        customer->row.phone = slice_of(phone);
        assert_int_equal(run(fixture, &customer->base), ERR_OK);
        suppress(fixture, phone, senders[i]);
        struct uuid id = add_order(fixture, code, NOW);
        struct store_outbox_claim *op = claim(fixture, NOW, 9);
        assert_int_equal(op->count, 0);
        assert_int_equal(op->suppressed, 1);
        assert_suppressed(fixture, id, FAILURE_SUPPRESSED.ptr);
    }
    assert_int_equal(sweep(fixture, NOW + HOUR_MS * 2, true)->expired, 0);
}

static void others_are_sent_beside_it(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct store_customer_create *customer = new_customer(fixture, "C2");
    customer->row.phone = SLICE("+254700000002");
    assert_int_equal(run(fixture, &customer->base), ERR_OK);
    suppress(fixture, PHONE, "OTHER");
    suppress(fixture, "+254700000002", SENDER);
    struct uuid ids[] = {add_order(fixture, "C1", NOW), add_order(fixture, "C2", NOW + 1),
        add_order(fixture, "C1", NOW + 2)};
    struct store_outbox_claim *op = claim(fixture, NOW + 2, 2);
    assert_int_equal(op->count, 1);
    assert_int_equal(op->suppressed, 1);
    assert_id(op->messages[0].id, ids[0]);
    assert_int_equal(get_message(fixture, ids[1])->state, MESSAGE_SUPPRESSED);
    op = claim(fixture, NOW + 2, 2);
    assert_int_equal(op->count, 1);
    assert_int_equal(op->suppressed, 0);
    assert_id(op->messages[0].id, ids[2]);
}

static void a_customer_who_opted_out_gets_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct store_customer_create *customer = new_customer(fixture, "C1");
    customer->row.sms_opt_out = true;
    assert_int_equal(run(fixture, &customer->base), ERR_OK);
    struct uuid id = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *op = claim(fixture, NOW, 9);
    assert_int_equal(op->count, 0);
    assert_int_equal(op->suppressed, 1);
    assert_suppressed(fixture, id, FAILURE_OPTED_OUT.ptr);
}

static void who_opts_out_by_the_gateway_is_listed(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    struct settlement item = {
        .state = MESSAGE_DEAD, .suppress = true, .failure = SLICE("UserInBlacklist")};
    send_as(fixture, NOW, item);
    struct store_list *list = suppressions(fixture);
    assert_int_equal(list->count, 1);
    assert_text(list->rows.suppressions->phone, PHONE);
    assert_text(list->rows.suppressions->sender, SENDER);
    assert_text(list->rows.suppressions->source, "gateway");
    assert_text(list->rows.suppressions->reason, "UserInBlacklist");
    assert_text(list->rows.suppressions->created_by, "gateway");
    assert_int_equal(list->rows.suppressions->created_at, NOW);
    add_order(fixture, "C1", NOW);
    assert_int_equal(claim(fixture, NOW, 9)->suppressed, 1);
}

/* Listed meanwhile by somebody else; and only under the lease. */
static void a_number_is_listed_once(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    struct store_outbox_claim *claimed = claim(fixture, NOW, 1);
    struct settlement item = {
        .id = claimed->messages[0].id, .state = MESSAGE_DEAD, .suppress = true};
    assert_int_equal(run(fixture, &new_settle(fixture, NOW, uuid_new(), &item)->base), ERR_OK);
    assert_int_equal(suppressions(fixture)->count, 0);
    suppress(fixture, PHONE, "agizo");
    assert_int_equal(run(fixture, &new_settle(fixture, NOW, claimed->token, &item)->base), ERR_OK);
    assert_int_equal(suppressions(fixture)->count, 1);
    assert_text(suppressions(fixture)->rows.suppressions->source, "manual");
}

/* ---- spending ---- */

static void adds_up_what_a_day_costs(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    assert_int_equal(sweep(fixture, NOW, false)->spent, 0);
    for (int i = 1; i <= 3; i++) {
        add_order(fixture, "C1", NOW);
        send_as(fixture, NOW, (struct settlement){.state = MESSAGE_ACCEPTED, .price = i * 8000});
    }
    assert_int_equal(sweep(fixture, NOW, false)->spent, 48000);
    struct store_outbox_sweep *op = make(fixture, STORE_OUTBOX_SWEEP, sizeof(*op));
    op->now = NOW;
    op->day = DAY + 1;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(op->spent, 0);
}

static void what_is_settled_twice_costs_once(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    struct store_outbox_claim *claimed = claim(fixture, NOW, 1);
    struct settlement item = {
        .id = claimed->messages[0].id, .state = MESSAGE_ACCEPTED, .price = 8000};
    for (int i = 0; i < 2; i++) {
        struct store_outbox_settle *op = new_settle(fixture, NOW, claimed->token, &item);
        assert_int_equal(run(fixture, &op->base), ERR_OK);
        assert_int_equal(op->applied, 1 - i);
    }
    assert_int_equal(sweep(fixture, NOW, false)->spent, 8000);
}

/* ---- the switch ---- */

static void turn(struct fixture *fixture, bool halt, int64_t now, const char *by)
{
    struct store_sending_switch *op = make(fixture, STORE_SENDING_SWITCH, sizeof(*op));
    op->halt = halt;
    op->now = now;
    op->by = slice_of(by);
    op->entry = entry_of(halt ? AUDIT_SENDING_HALTED : AUDIT_SENDING_RESUMED, "switch");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
}

static void a_switch_halts_all_sending(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct store_outbox_sweep *op = sweep(fixture, NOW, false);
    assert_false(op->halted);
    assert_int_equal(op->halted_at, 0);
    turn(fixture, false, NOW, "asha"); /* as it is */
    assert_int_equal(count_entries(fixture, "switch"), 0);
    turn(fixture, true, NOW + 1, "asha");
    turn(fixture, true, NOW + 2, "baraka");
    op = sweep(fixture, NOW + 3, false);
    assert_true(op->halted);
    assert_int_equal(op->halted_at, NOW + 1);
    assert_text(op->halted_by, "asha");
    assert_int_equal(count_entries(fixture, "switch"), 1);
    turn(fixture, false, NOW + 4, "baraka");
    op = sweep(fixture, NOW + 5, false);
    assert_false(op->halted);
    assert_int_equal(op->halted_at, 0);
    assert_false(slice_present(op->halted_by));
    assert_int_equal(count_entries(fixture, "switch"), 2);
}

/* ---- sweep ---- */

static void counts_only_when_asked(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    for (int i = 3; i > 0; i--) add_order(fixture, "C1", NOW + 1000 * i);
    struct store_outbox_sweep *op = sweep(fixture, NOW, false);
    assert_int_equal(op->depth, -1);
    assert_int_equal(op->oldest_due, 0);
    assert_int_equal(op->next_due, NOW + 1000);
    op = sweep(fixture, NOW, true);
    assert_int_equal(op->depth, 3);
    assert_int_equal(op->oldest_due, NOW + 1000);
    assert_int_equal(op->next_due, NOW + 1000);
    op = sweep(fixture, NOW + 1000, true);
    assert_int_equal(op->oldest_due, NOW + 1000);
    assert_int_equal(op->next_due, NOW + 2000);
    op = sweep(fixture, NOW + 3000, true);
    assert_int_equal(op->next_due, 0);
}

/* Their turns lie in the future, but they are due. */
static void what_waits_for_its_turn_is_due(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    for (int i = 0; i < 5; i++) add_order(fixture, "C1", NOW);
    struct store_outbox_sweep *op = sweep(fixture, NOW, true);
    assert_int_equal(op->depth, 5);
    assert_int_equal(op->oldest_due, NOW);
    assert_int_equal(op->next_due, 0);
    assert_int_equal(claim(fixture, NOW, 1)->count, 1);
    op = sweep(fixture, NOW - 1, true);
    assert_int_equal(op->oldest_due, NOW);
    assert_int_equal(op->next_due, NOW);
}

int main(int argc, char **argv)
{
    static const struct store_case cases[] = {
        STORE_CASE(a_flood_does_not_delay_others),
        STORE_CASE(one_customers_messages_keep_their_order),
        STORE_CASE(a_retry_is_not_before_it_is_due),
        STORE_CASE(a_listed_number_gets_nothing),
        STORE_CASE(others_are_sent_beside_it),
        STORE_CASE(a_customer_who_opted_out_gets_nothing),
        STORE_CASE(who_opts_out_by_the_gateway_is_listed),
        STORE_CASE(a_number_is_listed_once),
        STORE_CASE(adds_up_what_a_day_costs),
        STORE_CASE(what_is_settled_twice_costs_once),
        STORE_CASE(a_switch_halts_all_sending),
        STORE_CASE(counts_only_when_asked),
        STORE_CASE(what_waits_for_its_turn_is_due),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), argc > 1 ? argv[1] : "");
}
