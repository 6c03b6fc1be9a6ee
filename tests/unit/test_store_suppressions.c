/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of store/suppression.h, held against both stores.
 */
#include "store/suppression.h"

#include "store_sms_cases.h"

static struct store_suppression_add *new_add(
    struct fixture *fixture, const char *phone, const char *sender, int64_t at)
{
    struct store_suppression_add *op = make(fixture, STORE_SUPPRESSION_ADD, sizeof(*op));
    op->row = (struct suppression){.id = uuid_new(),
        .phone = slice_of(phone),
        .sender = slice_of(sender),
        .source = SLICE("manual"),
        .reason = SLICE("asked by e-mail"),
        .created_by = SLICE("asha"),
        .created_at = at};
    op->entry = entry_of(AUDIT_SUPPRESSION_ADDED, phone);
    return op;
}

static struct store_suppression_add *add(
    struct fixture *fixture, const char *phone, const char *sender, int64_t at)
{
    struct store_suppression_add *op = new_add(fixture, phone, sender, at);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op;
}

static struct store_list *list_of(struct fixture *fixture, const char *phone, size_t limit)
{
    struct store_list *op = make(fixture, STORE_SUPPRESSION_LIST, sizeof(*op));
    op->to = INT64_MAX;
    op->limit = limit;
    op->phone = slice_of(phone);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op;
}

static enum err take_off(struct fixture *fixture, struct uuid id)
{
    struct store_suppression_remove *op = make(fixture, STORE_SUPPRESSION_REMOVE, sizeof(*op));
    op->id = id;
    op->entry = entry_of(AUDIT_SUPPRESSION_REMOVED, "removed");
    return run(fixture, &op->base);
}

static void assert_row(const struct suppression *row, const struct suppression *expected)
{
    assert_id(row->id, expected->id);
    assert_slice(row->phone, expected->phone);
    assert_slice(row->sender, expected->sender);
    assert_slice(row->source, expected->source);
    assert_slice(row->reason, expected->reason);
    assert_slice(row->created_by, expected->created_by);
    assert_int_equal(row->created_at, expected->created_at);
}

static void keeps_what_was_put_in(void **state)
{
    struct fixture *fixture = *state;
    struct store_suppression_add *op = new_add(fixture, PHONE, SENDER, NOW);
    const struct suppression put = op->row;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_false(op->existing);
    assert_row(&op->standing, &put);
    struct store_list *list = list_of(fixture, NULL, 9);
    assert_int_equal(list->count, 1);
    assert_false(list->more);
    assert_row(list->rows.suppressions, &put);
    assert_int_equal(count_entries(fixture, PHONE), 1);
}

static void a_number_stands_once_for_a_sender(void **state)
{
    struct fixture *fixture = *state;
    struct store_suppression_add *first = add(fixture, PHONE, "Agizo", NOW);
    struct store_suppression_add *again = new_add(fixture, PHONE, "AGIZO", NOW + 1);
    again->row.reason = slice_absent();
    assert_int_equal(run(fixture, &again->base), ERR_OK);
    assert_true(again->existing);
    assert_row(&again->standing, &first->row);
    assert_int_equal(count_entries(fixture, PHONE), 1);
    assert_false(add(fixture, PHONE, "", NOW + 2)->existing);
    assert_true(add(fixture, PHONE, "", NOW + 3)->existing);
    assert_false(add(fixture, "+254700000002", "Agizo", NOW + 4)->existing);
    assert_int_equal(list_of(fixture, NULL, 9)->count, 3);
}

#define ADDERS 9
static void of_many_at_once_one_is_put_in(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[ADDERS];
    size_t made = 0;
    struct uuid id = {0};
    for (size_t i = 0; i < ADDERS; i++) ops[i] = &new_add(fixture, PHONE, SENDER, NOW)->base;
    run_all(fixture, ops, ADDERS, CLIENTS);
    for (size_t i = 0; i < ADDERS; i++) {
        const struct store_suppression_add *op =
            CONTAINER_OF(ops[i], struct store_suppression_add, base);
        assert_int_equal(ops[i]->op.err, ERR_OK);
        made += !op->existing;
        if (i) assert_id(op->standing.id, id);
        id = op->standing.id;
    }
    assert_int_equal(made, 1);
    assert_int_equal(count_entries(fixture, PHONE), 1);
}

static void lists_the_newest_first(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PHONE, "A", NOW);
    add(fixture, "+254700000002", "A", NOW + 2);
    add(fixture, PHONE, "B", NOW + 1);
    struct store_list *page = list_of(fixture, NULL, 2);
    assert_int_equal(page->count, 2);
    assert_true(page->more);
    assert_int_equal(page->rows.suppressions[0].created_at, NOW + 2);
    assert_int_equal(page->rows.suppressions[1].created_at, NOW + 1);
    struct store_list *rest = make(fixture, STORE_SUPPRESSION_LIST, sizeof(*rest));
    rest->to = INT64_MAX;
    rest->limit = 2;
    rest->after = true;
    rest->place = (struct store_place){NOW + 1, page->rows.suppressions[1].id};
    assert_int_equal(run(fixture, &rest->base), ERR_OK);
    assert_int_equal(rest->count, 1);
    assert_false(rest->more);
    assert_int_equal(rest->rows.suppressions[0].created_at, NOW);
    struct store_list *of_phone = list_of(fixture, PHONE, 9);
    assert_int_equal(of_phone->count, 2);
    assert_text(of_phone->rows.suppressions[0].sender, "B");
    assert_int_equal(list_of(fixture, "+254700000003", 9)->count, 0);
}

static void lists_a_span_of_time(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 4; i++) {
        char sender[] = "A";
        sender[0] = (char)('A' + i);
        add(fixture, PHONE, arena_format(fixture_arena(fixture), "%s", sender).ptr, NOW + i);
    }
    struct store_list *op = make(fixture, STORE_SUPPRESSION_LIST, sizeof(*op));
    op->from = NOW + 1;
    op->to = NOW + 3;
    op->limit = 9;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(op->count, 2);
    assert_text(op->rows.suppressions[0].sender, "C");
    assert_text(op->rows.suppressions[1].sender, "B");
}

static void what_is_removed_is_gone(void **state)
{
    struct fixture *fixture = *state;
    struct store_suppression_add *op = add(fixture, PHONE, SENDER, NOW);
    struct uuid id = op->row.id;
    add_customer(fixture, "C1");
    struct uuid message = add_order(fixture, "C1", NOW);
    assert_int_equal(claim(fixture, NOW, 1)->suppressed, 1);
    assert_int_equal(take_off(fixture, id), ERR_OK);
    assert_int_equal(take_off(fixture, id), ERR_NOT_FOUND);
    assert_int_equal(take_off(fixture, uuid_new()), ERR_NOT_FOUND);
    assert_int_equal(count_entries(fixture, "removed"), 1);
    assert_int_equal(list_of(fixture, NULL, 9)->count, 0);
    /* What it stopped stays stopped; what comes is sent. */
    assert_int_equal(get_message(fixture, message)->state, MESSAGE_SUPPRESSED);
    add_order(fixture, "C1", NOW);
    assert_int_equal(claim(fixture, NOW, 2)->count, 1);
    assert_false(add(fixture, PHONE, SENDER, NOW)->existing);
}

int main(int argc, char **argv)
{
    static const struct store_case cases[] = {
        STORE_CASE(keeps_what_was_put_in),
        STORE_CASE(a_number_stands_once_for_a_sender),
        STORE_CASE(of_many_at_once_one_is_put_in),
        STORE_CASE(lists_the_newest_first),
        STORE_CASE(lists_a_span_of_time),
        STORE_CASE(what_is_removed_is_gone),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), argc > 1 ? argv[1] : "");
}
