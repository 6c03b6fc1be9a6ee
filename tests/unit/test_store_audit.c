/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log, held against both stores: what a create adds, what it does not, entries by themselves, lists.
 */
#include "store/audit.h"

#include <stdio.h>

#include "store_cases.h"
#include "store_sample.h"

#define MEMBERS 300
#define ENTRIES 25

static const struct audit_actor clerk = {
    .issuer = {"https://id.example.com", 22},
    .subject = {"clerk-1", 7},
    .client_id = {"console", 7},
    .address = {"192.0.2.7", 9},
    .request = {"01890000-0000-7000-8000-000000000001", 36},
};

static struct store_op *by(struct store_op *op, const struct audit_actor *actor)
{
    op->actor = actor;
    op->audit_id = uuid_new();
    return op;
}

static struct store_list *new_list(struct fixture *fixture, size_t limit)
{
    struct store_list *list = make(fixture, STORE_AUDIT_LIST, sizeof(*list));
    list->to = INT64_MAX;
    list->limit = limit;
    return list;
}

static struct store_list *entries_of(struct fixture *fixture, struct slice record)
{
    struct store_list *list = new_list(fixture, STORE_LIST_MAX);
    list->record = record;
    assert_int_equal(run(fixture, &list->base), ERR_OK);
    assert_false(list->more);
    return list;
}

static struct slice text_of(struct fixture *fixture, struct uuid id)
{
    char text[UUID_TEXT_LEN];
    uuid_format(id, text);
    return arena_copy(fixture_arena(fixture), (struct slice){text, UUID_TEXT_LEN});
}

static void assert_actor(const struct audit_actor *actual, const struct audit_actor *expected)
{
    assert_slice(actual->issuer, expected->issuer);
    assert_slice(actual->subject, expected->subject);
    assert_slice(actual->client_id, expected->client_id);
    assert_slice(actual->address, expected->address);
    assert_slice(actual->request, expected->request);
}

static void assert_made(
    struct fixture *fixture, struct store_op *op, struct uuid id, enum audit_action action)
{
    struct store_list *list = entries_of(fixture, text_of(fixture, id));
    assert_int_equal(list->count, 1);
    assert_id(list->rows.entries->id, op->audit_id);
    assert_int_equal(list->rows.entries->at, NOW);
    assert_int_equal(list->rows.entries->action, action);
    assert_slice(list->rows.entries->record, text_of(fixture, id));
    assert_actor(&list->rows.entries->actor, op->actor);
}

static size_t count_entries(struct fixture *fixture)
{
    struct store_list *list = new_list(fixture, STORE_LIST_MAX);
    assert_int_equal(run(fixture, &list->base), ERR_OK);
    assert_false(list->more);
    return list->count;
}

/* ---- of creates ---- */

static void a_create_says_who_made_what(void **state)
{
    struct fixture *fixture = *state;
    struct store_customer_create *customer = new_customer(fixture, "C1");
    struct store_order_create *order = new_order(fixture, "C1");
    const struct audit_actor program = {.issuer = clerk.issuer, .subject = SLICE("shop")};
    assert_int_equal(run(fixture, by(&customer->base, &clerk)), ERR_OK);
    assert_int_equal(run(fixture, by(&order->base, &program)), ERR_OK);
    assert_made(fixture, &customer->base, customer->row.id, AUDIT_CUSTOMER_CREATED);
    assert_made(fixture, &order->base, order->row.id, AUDIT_ORDER_CREATED);
    assert_id(get_message(fixture, order->message.id)->order_id, order->row.id);
}

static void a_create_of_nobody_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    (void)add_order(fixture, "C1", NOW);
    assert_int_equal(count_entries(fixture), 0);
}

static void what_is_refused_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    struct store_order_create *order = new_order(fixture, "C1");
    add_customer(fixture, "C1");
    order->row.external_ref = SLICE("R1");
    assert_int_equal(run(fixture, by(&new_customer(fixture, "c1")->base, &clerk)), ERR_CODE_TAKEN);
    assert_int_equal(
        run(fixture, by(&new_order(fixture, "C2")->base, &clerk)), ERR_UNKNOWN_CUSTOMER);
    assert_int_equal(run(fixture, &order->base), ERR_OK);
    order = new_order(fixture, "C1");
    order->row.external_ref = SLICE("R1");
    assert_int_equal(run(fixture, by(&order->base, &clerk)), ERR_REF_TAKEN);
    order = new_order(fixture, "C1");
    order->row.amount_minor = -1;
    assert_int_equal(run(fixture, by(&order->base, &clerk)), ERR_INTERNAL);
    assert_int_equal(count_entries(fixture), 0);
}

static struct store_op *new_keyed(struct fixture *fixture)
{
    struct store_order_create *order = new_order(fixture, "C1");
    order->key =
        (struct store_key){true, digest_sha256(SLICE("key")), digest_sha256(SLICE("fingerprint"))};
    return by(&order->base, &clerk);
}

static void a_replay_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[20];
    add_customer(fixture, "C1");
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) ops[i] = new_keyed(fixture);
    run_all(fixture, ops, ARRAY_LEN(ops), CLIENTS);
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) assert_int_equal(ops[i]->op.err, ERR_OK);
    assert_int_equal(run(fixture, new_keyed(fixture)), ERR_OK);
    assert_int_equal(count_entries(fixture), 1);
}

/* Customers and orders, told and untold, some refused, in shared transactions. */
static void every_member_is_told_for_itself(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[MEMBERS];
    struct audit_actor actors[MEMBERS];
    add_customer(fixture, "C1");
    for (size_t i = 0; i < MEMBERS; i++) {
        actors[i] = clerk;
        actors[i].subject = arena_format(fixture_arena(fixture), "clerk-%zu", i);
        ops[i] = i % 3 ? &new_order(fixture, i % 7 ? "C1" : "C2")->base
                       : &new_customer(fixture, i % 2 ? "K1" : "K2")->base;
        if (i % 5) by(ops[i], &actors[i]);
    }
    run_all(fixture, ops, MEMBERS, CLIENTS);
    for (size_t i = 0; i < MEMBERS; i++) {
        bool order = ops[i]->verb == STORE_ORDER_CREATE;
        struct uuid id = order ? CONTAINER_OF(ops[i], struct store_order_create, base)->row.id
                               : CONTAINER_OF(ops[i], struct store_customer_create, base)->row.id;
        if (ops[i]->actor && ops[i]->op.err == ERR_OK) {
            assert_made(fixture, ops[i], id, order ? AUDIT_ORDER_CREATED : AUDIT_CUSTOMER_CREATED);
        } else {
            assert_int_equal(entries_of(fixture, text_of(fixture, id))->count, 0);
        }
    }
}

/* ---- by itself ---- */

/* An id and a time of the same moment. */
static struct uuid id_at(int64_t ms)
{
    struct uuid id = uuid_new();
    for (int i = 5; i >= 0; i--, ms >>= 8) id.bytes[i] = (uint8_t)ms;
    return id;
}

static struct store_audit_write *new_entry(struct fixture *fixture, int64_t at)
{
    struct store_audit_write *op = make(fixture, STORE_AUDIT_WRITE, sizeof(*op));
    op->entry = (struct audit_entry){
        .id = id_at(at),
        .at = at,
        .actor = clerk,
        .action = AUDIT_REFUSED,
        .record = SLICE("GET /v1/audit"),
    };
    return op;
}

static void an_entry_is_written_once(void **state)
{
    struct fixture *fixture = *state;
    struct store_audit_write *op = new_entry(fixture, NOW);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    struct store_list *list = entries_of(fixture, op->entry.record);
    assert_int_equal(list->count, 1);
    assert_id(list->rows.entries->id, op->entry.id);
    assert_int_equal(list->rows.entries->at, NOW);
    assert_int_equal(list->rows.entries->action, AUDIT_REFUSED);
    assert_actor(&list->rows.entries->actor, &clerk);
}

static void an_entry_without_an_id_is_none(void **state)
{
    struct fixture *fixture = *state;
    struct store_audit_write *op = new_entry(fixture, NOW);
    op->entry.id = (struct uuid){0};
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(count_entries(fixture), 0);
}

static void what_an_entry_lacks_stays_absent(void **state)
{
    struct fixture *fixture = *state;
    struct store_audit_write *op = new_entry(fixture, NOW);
    op->entry.actor = (struct audit_actor){0};
    op->entry.record = slice_absent();
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    struct store_list *list = new_list(fixture, 1);
    assert_int_equal(run(fixture, &list->base), ERR_OK);
    assert_int_equal(list->count, 1);
    assert_actor(&list->rows.entries->actor, &op->entry.actor);
    assert_false(slice_present(list->rows.entries->record));
}

/* ---- lists ---- */

/* Two to a second, of three subjects and two records. */
static void add_entries(struct fixture *fixture, struct audit_entry *entries)
{
    static const char *const subjects[] = {"clerk-1", "clerk-2", "Clerk-1"};
    static const char *const records[] = {"R1", "R2"};
    for (size_t i = 0; i < ENTRIES; i++) {
        struct store_audit_write *op = new_entry(fixture, NOW + (int64_t)(i / 2) * 1000);
        op->entry.id.bytes[6] = (uint8_t)(0x70 | i % 2);
        op->entry.actor.subject = slice_of(subjects[i % ARRAY_LEN(subjects)]);
        op->entry.record = slice_of(records[i % ARRAY_LEN(records)]);
        assert_int_equal(run(fixture, &op->base), ERR_OK);
        entries[i] = op->entry;
    }
}

static bool fits(const struct audit_entry *entry, const struct store_list *filter)
{
    bool subject =
        !slice_present(filter->subject) || slice_equal(filter->subject, entry->actor.subject);
    bool record = !slice_present(filter->record) || slice_equal(filter->record, entry->record);
    return subject && record && entry->at >= filter->from && entry->at < filter->to;
}

/* Pages of `limit` show what fits, newest first, each entry once. */
static void assert_pages(struct fixture *fixture, const struct audit_entry *entries,
    const struct store_list *filter, size_t limit)
{
    struct store_list *page = new_list(fixture, limit);
    size_t at = 0;
    page->subject = filter->subject;
    page->record = filter->record;
    page->from = filter->from;
    page->to = filter->to;
    page->more = true;
    for (size_t i = ENTRIES; i-- > 0;) {
        if (!fits(&entries[i], filter)) continue;
        if (at == 0) {
            assert_true(page->more);
            assert_int_equal(run(fixture, &page->base), ERR_OK);
        }
        assert_true(at < page->count);
        assert_id(page->rows.entries[at].id, entries[i].id);
        page->place = (struct store_place){page->rows.entries[at].at, page->rows.entries[at].id};
        page->after = true;
        at = (at + 1) % page->count;
    }
    if (!page->after) assert_int_equal(run(fixture, &page->base), ERR_OK);
    if (!page->after) assert_int_equal(page->count, 0);
    assert_int_equal(at, 0);
    assert_false(page->more);
}

static void pages_by_subject_record_and_time(void **state)
{
    static const struct slice subjects[] = {
        {NULL, 0}, {"clerk-1", 7}, {"Clerk-1", 7}, {"nobody", 6}};
    static const struct slice records[] = {{NULL, 0}, {"R1", 2}, {"R2", 2}, {"r1", 2}};
    static const int64_t times[][2] = {{0, INT64_MAX}, {NOW + 3000, NOW + 8000}, {NOW, NOW + 1},
        {NOW + 1, NOW + 1000}, {0, NOW}, {NOW + 12000, INT64_MAX}, {0, 0}};
    struct fixture *fixture = *state;
    struct audit_entry entries[ENTRIES];
    add_entries(fixture, entries);
    for (size_t i = 0; i < ARRAY_LEN(subjects) * ARRAY_LEN(records) * ARRAY_LEN(times); i++) {
        size_t j = i / ARRAY_LEN(subjects), k = j / ARRAY_LEN(records);
        struct store_list filter = {.subject = subjects[i % ARRAY_LEN(subjects)],
            .record = records[j % ARRAY_LEN(records)],
            .from = times[k][0],
            .to = times[k][1]};
        assert_pages(fixture, entries, &filter, 1);
        assert_pages(fixture, entries, &filter, 4);
        assert_pages(fixture, entries, &filter, STORE_LIST_MAX);
    }
}

int main(int argc, char **argv)
{
    static const struct store_case cases[] = {
        STORE_CASE(a_create_says_who_made_what),
        STORE_CASE(a_create_of_nobody_is_not_told),
        STORE_CASE(what_is_refused_is_not_told),
        STORE_CASE(a_replay_is_not_told),
        STORE_CASE(every_member_is_told_for_itself),
        STORE_CASE(an_entry_is_written_once),
        STORE_CASE(an_entry_without_an_id_is_none),
        STORE_CASE(what_an_entry_lacks_stays_absent),
        STORE_CASE(pages_by_subject_record_and_time),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), argc > 1 ? argv[1] : "");
}
