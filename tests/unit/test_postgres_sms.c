/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a message on PostgreSQL in the company of other copies of the service, and when the answer to a commit is lost with its
 * connection: the operation is sent again, and says what the first try did.
 */
#include "lost_answer.h"
#include "store_sms_cases.h"

static enum err run_op_without_answer(struct fixture *fixture, struct store_op *op)
{
    sweep(fixture, NOW, false); /* so the migrations are done, and the connection stands */
    return run_without_answer(fixture, op);
}

/* ---- the answer is lost ---- */

static void a_report_is_no_repetition_of_itself(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    struct store_report_take *op = new_report(fixture, NOW + 1, "ATX1", "Success");
    assert_int_equal(run_op_without_answer(fixture, &op->base), ERR_OK);
    assert_false(op->repeated);
    assert_true(op->matched);
    assert_id(op->message, id);
    assert_int_equal(get_message(fixture, id)->state, MESSAGE_DELIVERED);
    op = new_report(fixture, NOW + 1, "ATX1", "Success");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(op->repeated);
}

static void what_a_number_told_is_told_again(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_UNKNOWN, NULL);
    struct store_report_take *op = new_report(fixture, NOW + 1, "ATX1", "Success");
    assert_int_equal(run_op_without_answer(fixture, &op->base), ERR_OK);
    assert_false(op->repeated);
    assert_true(op->matched);
    assert_id(op->message, id);
}

static void a_settlement_costs_once(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    struct store_outbox_claim *claimed = claim(fixture, NOW, 1);
    struct settlement item = {.id = claimed->messages[0].id,
        .state = MESSAGE_ACCEPTED,
        .provider_id = SLICE("ATX1"),
        .suppress = true,
        .price = 8000};
    assert_int_equal(run(fixture, &new_report(fixture, NOW, "ATX1", "Success")->base), ERR_OK);
    struct store_outbox_settle *op = new_settle(fixture, NOW, claimed->token, &item);
    assert_int_equal(run_op_without_answer(fixture, &op->base), ERR_OK);
    assert_int_equal(op->applied, 1);
    assert_int_equal(get_message(fixture, item.id)->state, MESSAGE_DELIVERED);
    assert_int_equal(sweep(fixture, NOW, false)->spent, 8000);
    PGconn *connection = connect_case();
    assert_int_equal(number(connection, "select count(*) from suppressions"), 1);
    PQfinish(connection);
}

static struct store_message_resend *new_resend(struct fixture *fixture, struct uuid id)
{
    struct store_message_resend *op = make(fixture, STORE_MESSAGE_RESEND, sizeof(*op));
    op->id = id;
    op->now = NOW + 5;
    op->expires_at = NOW + HOUR_MS;
    op->entry = entry_of(AUDIT_MESSAGE_RESENT, "resend");
    return op;
}

static void a_resend_is_done_once(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_DEAD, NULL);
    size_t nudges = atomic_load(&fixture->nudges);
    struct store_message_resend *op = new_resend(fixture, id);
    assert_int_equal(run_op_without_answer(fixture, &op->base), ERR_OK);
    assert_int_equal(op->row.state, MESSAGE_QUEUED);
    assert_int_equal(op->row.due_at, NOW + 5);
    assert_int_equal(atomic_load(&fixture->nudges), nudges + 1);
    assert_int_equal(count_entries(fixture, "resend"), 1);
    assert_int_equal(run(fixture, &new_resend(fixture, id)->base), ERR_NOT_RESENDABLE);
}

static void a_resend_of_many_is_done_once(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    for (int i = 0; i < 5; i++) add_sent(fixture, NOW, MESSAGE_DEAD, NULL);
    struct store_messages_resend *op = make(fixture, STORE_MESSAGES_RESEND, sizeof(*op));
    op->state = MESSAGE_DEAD;
    op->to = INT64_MAX;
    op->limit = 3;
    op->now = NOW + 5;
    op->expires_at = NOW + HOUR_MS;
    op->entry = entry_of(AUDIT_MESSAGES_RESENT, "dead");
    assert_int_equal(run_op_without_answer(fixture, &op->base), ERR_OK);
    assert_int_equal(op->matched, 3);
    assert_int_equal(op->resent, 3);
    assert_int_equal(count_entries(fixture, "dead"), 1);
    assert_int_equal(claim(fixture, NOW + 5, 9)->count, 3);
}

static void a_verdict_is_given_once(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct store_message_settle *op = make(fixture, STORE_MESSAGE_SETTLE, sizeof(*op));
    op->id = add_sent(fixture, NOW, MESSAGE_UNKNOWN, NULL);
    op->state = MESSAGE_DELIVERED;
    op->now = NOW + 5;
    op->entry = entry_of(AUDIT_MESSAGE_SETTLED, "verdict");
    assert_int_equal(run_op_without_answer(fixture, &op->base), ERR_OK);
    assert_int_equal(op->row.state, MESSAGE_DELIVERED);
    assert_int_equal(count_entries(fixture, "verdict"), 1);
}

static void the_switch_is_turned_once(void **state)
{
    struct fixture *fixture = *state;
    struct store_sending_switch *op = make(fixture, STORE_SENDING_SWITCH, sizeof(*op));
    op->halt = true;
    op->now = NOW;
    op->by = SLICE("asha");
    op->entry = entry_of(AUDIT_SENDING_HALTED, "switch");
    assert_int_equal(run_op_without_answer(fixture, &op->base), ERR_OK);
    assert_true(sweep(fixture, NOW, false)->halted);
    assert_int_equal(count_entries(fixture, "switch"), 1);
}

static void a_suppression_is_put_in_and_taken_out_once(void **state)
{
    struct fixture *fixture = *state;
    struct store_suppression_add *add = make(fixture, STORE_SUPPRESSION_ADD, sizeof(*add));
    add->row = (struct suppression){.id = uuid_new(),
        .phone = SLICE(PHONE),
        .sender = SLICE(""),
        .source = SLICE("manual"),
        .created_by = SLICE("asha"),
        .created_at = NOW};
    add->entry = entry_of(AUDIT_SUPPRESSION_ADDED, "added");
    assert_int_equal(run_op_without_answer(fixture, &add->base), ERR_OK);
    assert_false(add->existing);
    assert_int_equal(count_entries(fixture, "added"), 1);
    struct store_suppression_remove *op = make(fixture, STORE_SUPPRESSION_REMOVE, sizeof(*op));
    op->id = add->row.id;
    op->entry = entry_of(AUDIT_SUPPRESSION_REMOVED, "removed");
    assert_int_equal(run_op_without_answer(fixture, &op->base), ERR_OK);
    assert_int_equal(count_entries(fixture, "removed"), 1);
}

static void a_template_is_changed_once(void **state)
{
    struct fixture *fixture = *state;
    int64_t version = 0;
    for (int i = 0; i < 2; i++) {
        struct store_template_put *put = make(fixture, STORE_TEMPLATE_PUT, sizeof(*put));
        put->row = (struct template){.language = SLICE("en"),
            .text = SLICE("Hello"),
            .updated_by = SLICE("asha"),
            .version = version,
            .updated_at = NOW};
        put->entry = entry_of(AUDIT_TEMPLATE_CHANGED, "changed");
        assert_int_equal(run_op_without_answer(fixture, &put->base), ERR_OK);
        assert_true(put->version > version);
        version = put->version;
    }
    assert_int_equal(count_entries(fixture, "changed"), 2);
    struct store_template_remove *op = make(fixture, STORE_TEMPLATE_REMOVE, sizeof(*op));
    op->language = SLICE("en");
    op->version = version;
    op->entry = entry_of(AUDIT_TEMPLATE_REMOVED, "removed");
    assert_int_equal(run_op_without_answer(fixture, &op->base), ERR_OK);
    assert_int_equal(count_entries(fixture, "removed"), 1);
}

/* ---- two copies at once ---- */

static void let_two_meet(PGconn *connection)
{
    await(connection, "select (count(*) = 2)::int " OF_STORE
                      "and wait_event in ('SyncRep', 'advisory', 'transactionid')");
    release_commits(connection);
}

/* Runs both before either is committed. */
static void run_together(struct fixture *fixture, struct store_op *one, struct store_op *other)
{
    struct disturbance disturbance;
    struct store_op *ops[] = {one, other};
    PGconn *connection = connect_case();
    hold_commits(connection);
    disturb(&disturbance, let_two_meet);
    run_all(fixture, ops, ARRAY_LEN(ops), ARRAY_LEN(ops));
    end_disturbance(&disturbance);
    PQfinish(connection);
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) assert_int_equal(ops[i]->op.err, ERR_OK);
}

/* Neither sees the other. */
static void a_report_and_its_settlement_may_pass_each_other(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    struct store_outbox_claim *claimed = claim(fixture, NOW, 1);
    struct settlement item = {
        .id = claimed->messages[0].id, .state = MESSAGE_ACCEPTED, .provider_id = SLICE("ATX1")};
    struct store_outbox_settle *op = new_settle(fixture, NOW, claimed->token, &item);
    struct store_report_take *report = new_report(fixture, NOW + 1, "ATX1", "Success");
    run_together(fixture, &op->base, &report->base);
    assert_false(report->matched);
    assert_int_equal(get_message(fixture, item.id)->state, MESSAGE_ACCEPTED);
    assert_int_equal(sweep(fixture, NOW + 2, false)->matched, 1);
    assert_int_equal(get_message(fixture, item.id)->state, MESSAGE_DELIVERED);
}

static void a_report_is_taken_by_one_copy(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    struct store_report_take *one = new_report(fixture, NOW + 1, "ATX1", "Success");
    struct store_report_take *other = new_report(fixture, NOW + 1, "ATX1", "Success");
    run_together(fixture, &one->base, &other->base);
    assert_int_equal(one->repeated + other->repeated, 1);
    assert_int_equal(get_message(fixture, id)->state, MESSAGE_DELIVERED);
}

/* Two reports of one message: what the first one to come says stays, though the second had not seen it. */
static void two_final_reports_at_once_leave_one(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_ACCEPTED, "ATX1");
    struct slice before = get_message(fixture, id)->history;
    struct store_report_take *one = new_report(fixture, NOW + 1, "ATX1", "Success");
    struct store_report_take *other = new_report(fixture, NOW + 1, "ATX1", "Failed");
    run_together(fixture, &one->base, &other->base);
    const struct message *row = get_message(fixture, id);
    bool delivered = row->state == MESSAGE_DELIVERED;
    assert_text(row->provider_status, delivered ? "Success" : "Failed");
    assert_null(memmem(row->history.ptr + before.len, row->history.len - before.len,
        delivered ? "failed" : "delivered", delivered ? 6 : 9));
}

/* Each would do alone; together they are ambiguous, and one of them comes too late. */
static void two_reports_at_once_settle_one_unknown_message(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid id = add_sent(fixture, NOW, MESSAGE_UNKNOWN, NULL);
    struct store_report_take *one = new_report(fixture, NOW + 1, "ATX1", "Success");
    struct store_report_take *other = new_report(fixture, NOW + 1, "ATX2", "Failed");
    run_together(fixture, &one->base, &other->base);
    assert_int_equal(one->matched + other->matched, 1);
    const struct message *row = get_message(fixture, id);
    assert_text(row->provider_id, one->matched ? "ATX1" : "ATX2");
    assert_int_equal(row->state, one->matched ? MESSAGE_DELIVERED : MESSAGE_FAILED);
    assert_int_equal(sweep(fixture, NOW + 2, false)->matched, 0);
}

/* ---- many copies in each other's way ---- */

#define STORM 240
#define ROUNDS 4
struct storm {
    struct fixture *fixture;
    struct store_op *ops[STORM * (2 + ROUNDS)];
    size_t count;
};

static void add_op(struct storm *storm, struct store_op *op)
{
    storm->ops[storm->count++] = op;
}

/* Some are settled, others' reports come; the sweep and the scrub run all the time. */
static void add_round(struct storm *storm, const struct store_outbox_claim *claimed, size_t i)
{
    struct fixture *fixture = storm->fixture;
    static const char *const words[] = {"Sent", "Success"};
    struct settlement *item = arena_alloc(fixture_arena(fixture), sizeof(*item));
    struct slice name = arena_format(fixture_arena(fixture), "ATX%zu", i);
    *item = (struct settlement){.id = claimed->messages[i].id,
        .state = MESSAGE_ACCEPTED,
        .provider_id = name,
        .suppress = i % 7 == 0,
        .price = 1};
    for (size_t word = 0; word < ARRAY_LEN(words); word++) {
        struct store_report_take *report = new_report(fixture, NOW + 1, "", words[word]);
        report->report.provider_id = name;
        add_op(storm, &report->base);
    }
    add_op(storm, &new_settle(fixture, NOW, claimed->token, item)->base);
    if (i % 10) return;
    struct store_outbox_sweep *look = make(fixture, STORE_OUTBOX_SWEEP, sizeof(*look));
    look->now = NOW + 2;
    look->day = DAY;
    add_op(storm, &look->base);
    struct store_messages_scrub *scrub = make(fixture, STORE_MESSAGES_SCRUB, sizeof(*scrub));
    scrub->before = NOW + HOUR_MS;
    add_op(storm, &scrub->base);
}

static void all_at_once_nothing_is_lost(void **state)
{
    struct fixture *fixture = *state;
    struct storm *storm = memory_zeroed(sizeof(*storm));
    storm->fixture = fixture;
    add_customer(fixture, "C1");
    for (int i = 0; i < STORM; i++) add_order(fixture, "C1", NOW);
    struct store_outbox_claim *claimed = claim(fixture, NOW, STORM);
    assert_int_equal(claimed->count, STORM);
    for (size_t i = 0; i < STORM; i++) add_round(storm, claimed, i);
    run_all(fixture, storm->ops, storm->count, CLIENTS);
    for (size_t i = 0; i < storm->count; i++) assert_int_equal(storm->ops[i]->op.err, ERR_OK);
    assert_int_equal(sweep(fixture, NOW + 3, false)->spent, STORM);
    for (size_t i = 0; i < STORM; i++) {
        assert_int_equal(get_message(fixture, claimed->messages[i].id)->state, MESSAGE_DELIVERED);
    }
    PGconn *connection = connect_case();
    assert_int_equal(
        number(connection, "select count(*) from delivery_reports where message_id is null"), 0);
    /* They wait for each other in one order. */
    assert_int_equal(number(connection, "select deadlocks from pg_stat_database "
                                        "where datname = current_database()"),
        0);
    PQfinish(connection);
    free(storm);
}

/* ---- a copy of an older version ---- */

static void what_an_older_copy_queues_is_sent(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    PGconn *connection = connect_case();
    command(connection,
        "insert into messages (id, order_id, customer_id, \"to\", body, encoding, parts, state, "
        "due_at, expires_at, created_at) select gen_random_uuid(), gen_random_uuid(), customer_id, "
        "\"to\", 'older', encoding, parts, state, due_at + interval '5 s', expires_at, created_at "
        "from messages");
    PQfinish(connection);
    assert_int_equal(claim(fixture, NOW + 4999, 9)->count, 1);
    struct store_outbox_claim *op = claim(fixture, NOW + 5000, 9);
    assert_int_equal(op->count, 1);
    assert_text(op->messages[0].body, "older");
    assert_int_equal(op->messages[0].event, MESSAGE_ORDER_RECEIVED);
}

int main(void)
{
    static const struct store_case cases[] = {
        STORE_CASE(a_report_is_no_repetition_of_itself),
        STORE_CASE(what_a_number_told_is_told_again),
        STORE_CASE(a_settlement_costs_once),
        STORE_CASE(a_resend_is_done_once),
        STORE_CASE(a_resend_of_many_is_done_once),
        STORE_CASE(a_verdict_is_given_once),
        STORE_CASE(the_switch_is_turned_once),
        STORE_CASE(a_suppression_is_put_in_and_taken_out_once),
        STORE_CASE(a_template_is_changed_once),
        STORE_CASE(a_report_and_its_settlement_may_pass_each_other),
        STORE_CASE(a_report_is_taken_by_one_copy),
        STORE_CASE(two_final_reports_at_once_leave_one),
        STORE_CASE(two_reports_at_once_settle_one_unknown_message),
        STORE_CASE(all_at_once_nothing_is_lost),
        STORE_CASE(what_an_older_copy_queues_is_sent),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), "postgres");
}
