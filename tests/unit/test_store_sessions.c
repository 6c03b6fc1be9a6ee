/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of store/session.h, held against both stores.
 */
#include "session_end_sample.h"
#include "store_cases.h"

#define RACERS 30
#define CROWD (3 * SESSIONS_PER_PERSON)
#define OVER (STORE_BATCH_MAX + 88)

static const char *numbered(struct fixture *fixture, const char *prefix, size_t number)
{
    return arena_format(fixture_arena(fixture), "%s%zu", prefix, number).ptr;
}

static size_t count_standing(struct fixture *fixture, const char *prefix, size_t count)
{
    size_t standing = 0;
    for (size_t i = 0; i < count; i++) standing += stands(fixture, numbered(fixture, prefix, i));
    return standing;
}

/* ---- create and get ---- */

static void assert_session(const struct session *row, const struct session *expected)
{
    assert_memory_equal(row->id.bytes, expected->id.bytes, DIGEST_LEN);
    assert_slice(row->issuer, expected->issuer);
    assert_slice(row->subject, expected->subject);
    assert_slice(row->sid, expected->sid);
    assert_slice(row->name, expected->name);
    assert_slice(row->client_id, expected->client_id);
    assert_slice(row->customer_code, expected->customer_code);
    assert_int_equal(row->is_customer, expected->is_customer);
    assert_int_equal(row->permissions, expected->permissions);
    assert_slice(row->tokens, expected->tokens);
    assert_int_equal(row->created_at, expected->created_at);
    assert_int_equal(row->seen_at, expected->seen_at);
    assert_int_equal(row->expires_at, expected->expires_at);
    assert_int_equal(row->refresh_at, expected->refresh_at);
    assert_int_equal(row->refreshable, expected->refreshable);
}

static void reads_back_a_session(void **state)
{
    struct fixture *fixture = *state;
    struct store_session_create *op = new_session(fixture, "a", "Ng'ang'a|42");
    op->row.sid = SLICE("s-1");
    op->row.name = SLICE("\xc3\x91"
                         "and\xc3\xba \xf0\x9f\x99\x82");
    op->row.client_id = SLICE("console");
    op->row.customer_code = SLICE("Kisumu-1");
    op->row.is_customer = true;
    op->row.permissions = INT64_MIN + 5;
    op->row.tokens = SLICE("\x00\xff sealed \x00");
    op->row.created_at = NOW - 7;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    struct store_session_get *got = get_session(fixture, "a", NOW);
    assert_int_equal(got->base.op.err, ERR_OK);
    assert_session(&got->row, &op->row);
    assert_int_equal(count_entries(fixture, "a"), 1);
}

static void keeps_what_a_session_lacks_absent(void **state)
{
    struct fixture *fixture = *state;
    struct store_session_create *op = new_session(fixture, "a", "asha");
    op->row.tokens = slice_absent();
    op->row.refreshable = false;
    op->row.refresh_at = 0;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    struct store_session_get *got = get_session(fixture, "a", NOW);
    assert_int_equal(got->base.op.err, ERR_OK);
    assert_session(&got->row, &op->row);
}

static void does_not_find_what_is_over(void **state)
{
    struct fixture *fixture = *state;
    struct store_session_create *op = new_session(fixture, "busy", "asha");
    op->row.seen_at = op->row.expires_at;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    add_session(fixture, "idle", "asha", NULL);
    assert_int_equal(get_session(fixture, "idle", NOW + IDLE_MS - 1)->base.op.err, ERR_OK);
    assert_int_equal(get_session(fixture, "idle", NOW + IDLE_MS)->base.op.err, ERR_NOT_FOUND);
    assert_int_equal(get_session(fixture, "busy", NOW + LIFE_MS - 1)->base.op.err, ERR_OK);
    assert_int_equal(get_session(fixture, "busy", NOW + LIFE_MS)->base.op.err, ERR_NOT_FOUND);
    assert_int_equal(get_session(fixture, "nobody's", NOW)->base.op.err, ERR_NOT_FOUND);
}

static void ends_the_browsers_former_session(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "former", "asha", NULL);
    add_session(fixture, "phone", "asha", NULL);
    struct store_session_create *op = new_session(fixture, "next", "baraka");
    op->has_former = true;
    op->former = id_of("former");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_false(stands(fixture, "former"));
    assert_true(stands(fixture, "phone"));
    assert_true(stands(fixture, "next"));
    /* One that has gone already is no matter. */
    op = new_session(fixture, "last", "asha");
    op->has_former = true;
    op->former = id_of("former");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(stands(fixture, "last"));
}

static void a_session_made_twice_is_one(void **state)
{
    struct fixture *fixture = *state;
    struct store_session_create *op = new_session(fixture, "a", "asha");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(stands(fixture, "a"));
    assert_int_equal(count_entries(fixture, "a"), 1);
}

static void writes_no_entry_without_an_id(void **state)
{
    struct fixture *fixture = *state;
    struct store_session_create *op = new_session(fixture, "a", "asha");
    op->entry.id = (struct uuid){0};
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    struct store_session_end *end = new_end_by_id(fixture, "a", "end");
    end->entry.id = (struct uuid){0};
    assert_int_equal(run(fixture, &end->base), ERR_OK);
    assert_int_equal(end->ended, 1);
    assert_int_equal(count_entries(fixture, "a") + count_entries(fixture, "end"), 0);
}

/* ---- how many ---- */

static void the_one_not_seen_for_longest_makes_room(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < SESSIONS_PER_PERSON; i++) {
        struct store_session_create *op = new_session(fixture, numbered(fixture, "s", i), "asha");
        op->row.seen_at = NOW - 100 + (int64_t)i;
        assert_int_equal(run(fixture, &op->base), ERR_OK);
    }
    struct store_session_create *elsewhere = new_session(fixture, "elsewhere", "asha");
    elsewhere->row.issuer = SLICE("https://other.example");
    elsewhere->row.seen_at = NOW - 1000;
    assert_int_equal(run(fixture, &elsewhere->base), ERR_OK);
    assert_int_equal(count_standing(fixture, "s", SESSIONS_PER_PERSON), SESSIONS_PER_PERSON);

    assert_int_equal(run(fixture, &new_touch(fixture, "s0", NOW, 0)->base), ERR_OK);
    /* The new one stays, though it was seen before all others. */
    struct store_session_create *op = new_session(fixture, "new", "asha");
    op->row.seen_at = NOW - 2000;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(stands(fixture, "new"));
    assert_true(stands(fixture, "s0"));
    assert_false(stands(fixture, "s1"));
    assert_int_equal(count_standing(fixture, "s", SESSIONS_PER_PERSON), SESSIONS_PER_PERSON - 1);
    assert_true(stands(fixture, "elsewhere"));
}

static void nobody_has_more_by_being_quick(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[CROWD];
    for (size_t i = 0; i < CROWD; i++) {
        ops[i] = &new_session(fixture, numbered(fixture, "s", i), "asha")->base;
    }
    run_all(fixture, ops, CROWD, CLIENTS);
    for (size_t i = 0; i < CROWD; i++) assert_int_equal(ops[i]->op.err, ERR_OK);
    assert_int_equal(count_standing(fixture, "s", CROWD), SESSIONS_PER_PERSON);
}

/* ---- touch ---- */

static void is_seen_later_never_earlier(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", NULL);
    assert_int_equal(run(fixture, &new_touch(fixture, "a", NOW + 9, 0)->base), ERR_OK);
    assert_int_equal(run(fixture, &new_touch(fixture, "a", NOW + 5, 0)->base), ERR_OK);
    assert_int_equal(get_session(fixture, "a", NOW)->row.seen_at, NOW + 9);
    assert_int_equal(get_session(fixture, "a", NOW + 8 + IDLE_MS)->base.op.err, ERR_OK);
    assert_false(lease(fixture, "nobody's", NOW));
}

static void a_touch_brings_nothing_back(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", NULL);
    assert_false(lease(fixture, "a", NOW + LIFE_MS));
    assert_int_equal(get_session(fixture, "a", NOW)->row.seen_at, NOW);
}

static void one_of_many_refreshes(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[RACERS];
    int64_t due = NOW + REFRESH_MS;
    size_t leased = 0;
    add_session(fixture, "a", "asha", NULL);
    for (size_t i = 0; i < RACERS; i++) {
        ops[i] = &new_touch(fixture, "a", due, due + LEASE_MS)->base;
    }
    run_all(fixture, ops, RACERS, CLIENTS);
    for (size_t i = 0; i < RACERS; i++) {
        assert_int_equal(ops[i]->op.err, ERR_OK);
        leased += CONTAINER_OF(ops[i], struct store_session_touch, base)->leased;
    }
    assert_int_equal(leased, 1);
    /* The one that took it may have died. */
    assert_false(lease(fixture, "a", due + LEASE_MS - 1));
    assert_true(lease(fixture, "a", due + LEASE_MS));
}

static void leases_only_what_is_to_be_refreshed(void **state)
{
    struct fixture *fixture = *state;
    int64_t due = NOW + REFRESH_MS;
    struct store_session_create *op = new_session(fixture, "fixed", "asha");
    op->row.refreshable = false;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    add_session(fixture, "a", "asha", NULL);
    assert_false(lease(fixture, "fixed", due));
    assert_false(lease(fixture, "a", due - 1));
    struct store_session_touch *plain = new_touch(fixture, "a", due, 0);
    assert_int_equal(run(fixture, &plain->base), ERR_OK);
    assert_false(plain->leased);
    assert_true(lease(fixture, "a", due));
}

/* ---- refresh ---- */

static void stores_what_a_refresh_yielded(void **state)
{
    struct fixture *fixture = *state;
    int64_t due = NOW + REFRESH_MS;
    struct store_session_create *made = new_session(fixture, "a", "asha");
    made->row.sid = SLICE("s1");
    made->row.name = SLICE("Asha");
    made->row.customer_code = SLICE("C1");
    made->row.is_customer = true;
    assert_int_equal(run(fixture, &made->base), ERR_OK);
    struct store_session_create *other = new_session(fixture, "b", "asha");
    assert_int_equal(run(fixture, &other->base), ERR_OK);
    assert_true(lease(fixture, "a", due));
    struct store_session_refresh *op = new_refresh(fixture, "a", due);
    assert_int_equal(run(fixture, &op->base), ERR_OK);

    struct session expected = made->row;
    expected.tokens = SLICE("sealed again");
    expected.permissions = 3;
    expected.is_customer = false;
    expected.customer_code = slice_absent();
    expected.refresh_at = due + REFRESH_MS;
    expected.seen_at = due;
    assert_session(&get_session(fixture, "a", NOW)->row, &expected);

    op->row.name = expected.name = SLICE("Asha W.");
    op->row.sid = expected.sid = SLICE("s2");
    op->row.customer_code = expected.customer_code = SLICE("C2");
    op->row.is_customer = expected.is_customer = true;
    op->row.refreshable = expected.refreshable = false;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_session(&get_session(fixture, "a", NOW)->row, &expected);
    assert_session(&get_session(fixture, "b", NOW)->row, &other->row);
}

/* Who read the session before the refresh holds tokens that are used up. */
static void a_refresh_ends_the_lease_and_makes_the_next_wait(void **state)
{
    struct fixture *fixture = *state;
    int64_t due = NOW + REFRESH_MS;
    add_session(fixture, "a", "asha", NULL);
    assert_true(lease(fixture, "a", due));
    struct store_session_refresh *op = new_refresh(fixture, "a", due);
    op->row.refresh_at = due + 10; /* well before the lease would have ended */
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_false(lease(fixture, "a", due + 9));
    assert_true(lease(fixture, "a", due + 10));
}

static void a_refresh_brings_nothing_back(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", NULL);
    assert_true(lease(fixture, "a", NOW + REFRESH_MS));
    assert_int_equal(run(fixture, &new_end_by_id(fixture, "a", "end")->base), ERR_OK);
    assert_int_equal(run(fixture, &new_refresh(fixture, "a", NOW)->base), ERR_NOT_FOUND);
    assert_false(stands(fixture, "a"));
}

/* ---- end ---- */

static void ends_one_by_its_id(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", NULL);
    add_session(fixture, "b", "asha", NULL);
    struct store_session_end *op = new_end_by_id(fixture, "a", "end");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(op->ended, 1);
    assert_false(op->replayed);
    assert_false(stands(fixture, "a"));
    assert_true(stands(fixture, "b"));
    assert_int_equal(count_entries(fixture, "end"), 1);
    /* What has ended does not end again, and nothing is told of it. */
    op = new_end_by_id(fixture, "a", "again");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(op->ended, 0);
    assert_int_equal(count_entries(fixture, "again"), 0);
}

/* Sessions "a1" and "a2" of asha, sid s1 and s2; "b1" of baraka, sid s1 of another issuer, and "b2", sid s3. */
static void add_crowd(struct fixture *fixture)
{
    add_session(fixture, "a1", "asha", "s1");
    add_session(fixture, "a2", "asha", "s2");
    struct store_session_create *op = new_session(fixture, "b1", "baraka");
    op->row.issuer = SLICE("https://other.example");
    op->row.sid = SLICE("s1");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    add_session(fixture, "b2", "baraka", "s3");
}

static int64_t ended(struct fixture *fixture, struct store_session_end *op)
{
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_false(op->replayed || op->foreign);
    assert_int_equal(count_entries(fixture, op->entry.record.ptr), op->ended > 0);
    return op->ended;
}

static void assert_foreign(struct fixture *fixture, struct store_session_end *op)
{
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(op->foreign);
    assert_false(op->replayed);
    assert_int_equal(op->ended, 0);
    assert_int_equal(count_entries(fixture, op->entry.record.ptr), 0);
    /* The token has been used, all the same. */
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(op->replayed);
    assert_false(op->foreign);
}

static void ends_by_the_providers_name_of_the_session(void **state)
{
    struct fixture *fixture = *state;
    add_crowd(fixture);
    assert_int_equal(ended(fixture, new_end_by_token(fixture, "t1", "s1", NULL)), 1);
    assert_false(stands(fixture, "a1"));
    assert_true(stands(fixture, "a2"));
    assert_true(stands(fixture, "b1"));
    assert_true(stands(fixture, "b2"));
    assert_int_equal(ended(fixture, new_end_by_token(fixture, "t2", "unknown", NULL)), 0);
}

static void ends_all_of_a_person_at_an_issuer(void **state)
{
    struct fixture *fixture = *state;
    add_crowd(fixture);
    assert_int_equal(ended(fixture, new_end_by_token(fixture, "t1", NULL, "baraka")), 1);
    assert_true(stands(fixture, "b1"));
    assert_false(stands(fixture, "b2"));
    assert_int_equal(ended(fixture, new_end_by_token(fixture, "t2", NULL, "asha")), 2);
    assert_false(stands(fixture, "a1") || stands(fixture, "a2"));
    assert_true(stands(fixture, "b1"));
}

static void ends_all_of_a_person_anywhere(void **state)
{
    struct fixture *fixture = *state;
    add_crowd(fixture);
    struct store_session_end *op = new_end(fixture, "end");
    op->subject = SLICE("baraka");
    assert_int_equal(ended(fixture, op), 2);
    assert_false(stands(fixture, "b1") || stands(fixture, "b2"));
    assert_true(stands(fixture, "a1") && stands(fixture, "a2"));
}

static void session_and_person_must_belong_together(void **state)
{
    struct fixture *fixture = *state;
    add_crowd(fixture);
    assert_foreign(fixture, new_end_by_token(fixture, "t1", "s1", "baraka"));
    assert_foreign(fixture, new_end_by_token(fixture, "t2", "s3", "asha"));
    assert_true(stands(fixture, "a1") && stands(fixture, "a2"));
    assert_true(stands(fixture, "b1") && stands(fixture, "b2"));
    assert_int_equal(ended(fixture, new_end_by_token(fixture, "t3", "s2", "asha")), 1);
    assert_true(stands(fixture, "a1"));
    assert_false(stands(fixture, "a2"));
}

/* Nobody has it, at this issuer at least. */
static void an_unknown_session_is_nobodys(void **state)
{
    struct fixture *fixture = *state;
    struct store_session_create *op = new_session(fixture, "c1", "chege");
    add_crowd(fixture);
    op->row.issuer = SLICE("https://other.example");
    op->row.sid = SLICE("s4");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(ended(fixture, new_end_by_token(fixture, "t1", "unknown", "asha")), 0);
    assert_int_equal(ended(fixture, new_end_by_token(fixture, "t2", "s4", "asha")), 0);
    assert_true(stands(fixture, "a1") && stands(fixture, "a2"));
    assert_true(stands(fixture, "c1"));
}

/* No provider should call two sessions alike; if one does, the person's own ends, and is not held up by the other. */
static void a_session_that_two_people_have_ends_for_the_one_named(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", "s1");
    add_session(fixture, "b", "baraka", "s1");
    assert_int_equal(ended(fixture, new_end_by_token(fixture, "t1", "s1", "asha")), 1);
    assert_false(stands(fixture, "a"));
    assert_true(stands(fixture, "b"));
    /* A second token for the same finds only the other's. */
    assert_foreign(fixture, new_end_by_token(fixture, "t2", "s1", "asha"));
    assert_true(stands(fixture, "b"));
}

/* ---- once ---- */

static void a_token_counts_once(void **state)
{
    struct fixture *fixture = *state;
    add_crowd(fixture);
    assert_int_equal(ended(fixture, new_end_by_token(fixture, "t1", "s1", NULL)), 1);
    struct store_session_end *again = new_end_by_token(fixture, "t1", NULL, "asha");
    assert_int_equal(run(fixture, &again->base), ERR_OK);
    assert_true(again->replayed);
    assert_int_equal(again->ended, 0);
    assert_true(stands(fixture, "a2"));
    assert_int_equal(count_entries(fixture, "t1"), 1);
    /* Also one that ended nothing. */
    assert_int_equal(ended(fixture, new_end_by_token(fixture, "t2", "unknown", NULL)), 0);
    again = new_end_by_token(fixture, "t2", "s2", NULL);
    assert_int_equal(run(fixture, &again->base), ERR_OK);
    assert_true(again->replayed);
    assert_true(stands(fixture, "a2"));
}

static void a_token_counts_once_however_often_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[RACERS];
    size_t first = 0, sum = 0;
    add_crowd(fixture);
    for (size_t i = 0; i < RACERS; i++) {
        ops[i] = &new_end_by_token(fixture, "t1", NULL, "asha")->base;
    }
    run_all(fixture, ops, RACERS, CLIENTS);
    for (size_t i = 0; i < RACERS; i++) {
        struct store_session_end *op = CONTAINER_OF(ops[i], struct store_session_end, base);
        assert_int_equal(op->base.op.err, ERR_OK);
        first += !op->replayed;
        sum += (size_t)op->ended;
    }
    assert_int_equal(first, 1);
    assert_int_equal(sum, 2);
    assert_int_equal(count_entries(fixture, "t1"), 1);
}

/* Different tokens for one person: each session ends once. */
static void ends_do_not_count_what_others_ended(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[RACERS];
    size_t sum = 0, entries = 0;
    for (size_t i = 0; i < 10; i++) {
        add_session(fixture, numbered(fixture, "s", i), "asha", NULL);
    }
    for (size_t i = 0; i < RACERS; i++) {
        ops[i] = &new_end_by_token(fixture, numbered(fixture, "t", i), NULL, "asha")->base;
    }
    run_all(fixture, ops, RACERS, CLIENTS);
    for (size_t i = 0; i < RACERS; i++) {
        struct store_session_end *op = CONTAINER_OF(ops[i], struct store_session_end, base);
        assert_int_equal(op->base.op.err, ERR_OK);
        sum += (size_t)op->ended;
        entries += count_entries(fixture, op->entry.record.ptr);
    }
    assert_int_equal(sum, 10);
    assert_int_equal(entries, 1);
}

/* ---- purge ---- */

static int64_t purge(struct fixture *fixture, int64_t now)
{
    struct store_sessions_purge *op = make(fixture, STORE_SESSIONS_PURGE, sizeof(*op));
    op->now = now;
    op->idle_ms = IDLE_MS;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op->deleted;
}

static void purges_what_is_over(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "idle", "asha", NULL);
    add_session(fixture, "seen", "asha", NULL);
    assert_int_equal(run(fixture, &new_touch(fixture, "seen", NOW + 9, 0)->base), ERR_OK);
    struct store_session_create *late = new_session(fixture, "late", "asha");
    late->row.seen_at = NOW + 9;
    late->row.expires_at = NOW + IDLE_MS;
    assert_int_equal(run(fixture, &late->base), ERR_OK);
    assert_int_equal(purge(fixture, NOW + IDLE_MS - 1), 0);
    assert_int_equal(purge(fixture, NOW + IDLE_MS), 2);
    assert_int_equal(purge(fixture, NOW + IDLE_MS), 0);
    assert_false(stands(fixture, "idle") || stands(fixture, "late"));
    assert_true(stands(fixture, "seen"));
}

static void forgets_tokens_that_are_over(void **state)
{
    struct fixture *fixture = *state;
    struct store_session_end *op = new_end_by_token(fixture, "t1", "s1", NULL);
    assert_int_equal(ended(fixture, op), 0);
    assert_int_equal(purge(fixture, op->token_until - 1), 0);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(op->replayed);
    assert_int_equal(purge(fixture, op->token_until), 1);
    assert_int_equal(ended(fixture, op), 0);
}

static void a_purge_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[OVER], *ends[OVER];
    for (size_t i = 0; i < OVER; i++) {
        const char *name = numbered(fixture, "s", i);
        struct store_session_create *op = new_session(fixture, name, name);
        /* Half are over by their age, half by idling, some by both. */
        if (i % 2) op->row.seen_at = NOW + IDLE_MS;
        if (i % 2 || i % 5 == 0) op->row.expires_at = NOW + 1;
        ops[i] = &op->base;
        ends[i] = &new_end_by_token(fixture, name, "unknown", NULL)->base;
    }
    run_all(fixture, ops, OVER, CLIENTS);
    run_all(fixture, ends, OVER, CLIENTS);
    add_session(fixture, "stays", "asha", NULL);
    assert_int_equal(run(fixture, &new_touch(fixture, "stays", NOW + 1, 0)->base), ERR_OK);
    assert_int_equal(purge(fixture, NOW + IDLE_MS), 2 * STORE_BATCH_MAX);
    assert_int_equal(purge(fixture, NOW + IDLE_MS), 2 * (OVER - STORE_BATCH_MAX));
    assert_int_equal(purge(fixture, NOW + IDLE_MS), 0);
    assert_true(stands(fixture, "stays"));
}

int main(int argc, char **argv)
{
    static const struct store_case cases[] = {
        STORE_CASE(reads_back_a_session),
        STORE_CASE(keeps_what_a_session_lacks_absent),
        STORE_CASE(does_not_find_what_is_over),
        STORE_CASE(ends_the_browsers_former_session),
        STORE_CASE(a_session_made_twice_is_one),
        STORE_CASE(writes_no_entry_without_an_id),
        STORE_CASE(the_one_not_seen_for_longest_makes_room),
        STORE_CASE(nobody_has_more_by_being_quick),
        STORE_CASE(is_seen_later_never_earlier),
        STORE_CASE(a_touch_brings_nothing_back),
        STORE_CASE(one_of_many_refreshes),
        STORE_CASE(leases_only_what_is_to_be_refreshed),
        STORE_CASE(stores_what_a_refresh_yielded),
        STORE_CASE(a_refresh_ends_the_lease_and_makes_the_next_wait),
        STORE_CASE(a_refresh_brings_nothing_back),
        STORE_CASE(ends_one_by_its_id),
        STORE_CASE(ends_by_the_providers_name_of_the_session),
        STORE_CASE(ends_all_of_a_person_at_an_issuer),
        STORE_CASE(ends_all_of_a_person_anywhere),
        STORE_CASE(session_and_person_must_belong_together),
        STORE_CASE(an_unknown_session_is_nobodys),
        STORE_CASE(a_session_that_two_people_have_ends_for_the_one_named),
        STORE_CASE(a_token_counts_once),
        STORE_CASE(a_token_counts_once_however_often_at_a_time),
        STORE_CASE(ends_do_not_count_what_others_ended),
        STORE_CASE(purges_what_is_over),
        STORE_CASE(forgets_tokens_that_are_over),
        STORE_CASE(a_purge_is_bounded),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), argc > 1 ? argv[1] : "");
}
