/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions on PostgreSQL in the company of others, and when the answer to a commit is lost with its connection: the operation is sent
 * again, and says what the first try did.
 */
#include "lost_answer.h"
#include "session_end_sample.h"

static long count_sessions(void)
{
    PGconn *connection = connect_case();
    long count = number(connection, "select count(*) from sessions");
    PQfinish(connection);
    return count;
}

static void a_create_is_made_once(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "former", "asha", NULL);
    struct store_session_create *op = new_session(fixture, "a", "asha");
    op->has_former = true;
    op->former = id_of("former");
    assert_int_equal(run_without_answer(fixture, &op->base), ERR_OK);
    assert_true(stands(fixture, "a"));
    assert_int_equal(count_sessions(), 1);
    assert_int_equal(count_entries(fixture, "a"), 1);
}

/* Queues behind the first try, in front of the second. */
#define END_BETWEEN                                                                                \
    "set synchronous_commit = local; begin; "                                                      \
    "select pg_advisory_xact_lock(hashtextextended('asha', hashtextextended('" ISSUER "', 0))); "  \
    "delete from sessions; commit"

static void end_what_began(PGconn *connection)
{
    PGconn *other = connect_case();
    await(other, "select count(*) " OF_STORE "and wait_event = 'SyncRep'");
    check(PQsendQuery(connection, END_BETWEEN));
    await(other, "select count(*) from pg_locks where not granted");
    lose_the_answer(other);
    for (PGresult *result; (result = PQgetResult(connection));) PQclear(result);
    PQfinish(other);
}

/* The provider ends the session between the first try, which was committed, and the second. */
static void a_create_does_not_bring_back_what_has_ended(void **state)
{
    struct fixture *fixture = *state;
    struct disturbance disturbance;
    add_session(fixture, "other", "baraka", NULL);
    PGconn *connection = connect_case();
    hold_commits(connection);
    disturb(&disturbance, end_what_began);
    assert_int_equal(run(fixture, &new_session(fixture, "a", "asha")->base), ERR_OK);
    end_disturbance(&disturbance);
    PQfinish(connection);
    assert_false(stands(fixture, "a"));
    assert_int_equal(count_entries(fixture, "a"), 1);
}

static void let_two_meet(PGconn *connection)
{
    await(connection, "select (count(*) = 2)::int " OF_STORE
                      "and wait_event in ('SyncRep', 'advisory', 'transactionid')");
    release_commits(connection);
}

/* Two links make a session each, and neither is committed when the other looks how many there are. */
static void a_person_has_no_more_by_two_links(void **state)
{
    struct fixture *fixture = *state;
    struct disturbance disturbance;
    for (int i = 0; i < SESSIONS_PER_PERSON; i++) {
        struct slice name = arena_format(fixture_arena(fixture), "s%d", i);
        add_session(fixture, name.ptr, "asha", NULL);
    }
    struct store_op *ops[] = {
        &new_session(fixture, "a", "asha")->base, &new_session(fixture, "b", "asha")->base};
    PGconn *connection = connect_case();
    hold_commits(connection);
    disturb(&disturbance, let_two_meet);
    run_all(fixture, ops, ARRAY_LEN(ops), ARRAY_LEN(ops));
    end_disturbance(&disturbance);
    PQfinish(connection);
    assert_int_equal(count_sessions(), SESSIONS_PER_PERSON);
    assert_true(stands(fixture, "a") && stands(fixture, "b"));
}

static void a_lease_is_taken_at_most_once(void **state)
{
    struct fixture *fixture = *state;
    int64_t due = NOW + REFRESH_MS;
    add_session(fixture, "a", "asha", NULL);
    struct store_session_touch *op = new_touch(fixture, "a", due, due + LEASE_MS);
    assert_int_equal(run_without_answer(fixture, &op->base), ERR_OK);
    assert_false(op->leased); /* it cannot be told from another's */
    assert_false(lease(fixture, "a", due + LEASE_MS - 1));
    assert_true(lease(fixture, "a", due + LEASE_MS));
    assert_int_equal(get_session(fixture, "a", due)->row.seen_at, due + LEASE_MS);
}

static void a_refresh_is_stored(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", NULL);
    struct store_session_refresh *op = new_refresh(fixture, "a", NOW);
    assert_int_equal(run_without_answer(fixture, &op->base), ERR_OK);
    assert_text(get_session(fixture, "a", NOW)->row.tokens, "sealed again");
}

static void an_end_is_no_replay_of_itself(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", "s1");
    struct store_session_end *op = new_end_by_token(fixture, "token", "s1", "asha");
    assert_int_equal(run_without_answer(fixture, &op->base), ERR_OK);
    assert_false(op->replayed);
    assert_int_equal(op->ended, 1);
    assert_int_equal(count_entries(fixture, "token"), 1);
    /* The next one is. */
    op = new_end_by_token(fixture, "token", "s1", "asha");
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(op->replayed);
}

static void an_end_of_nothing_ended_nothing(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", "s1");
    struct store_session_end *op = new_end_by_token(fixture, "token", "s2", NULL);
    assert_int_equal(run_without_answer(fixture, &op->base), ERR_OK);
    assert_false(op->replayed);
    assert_int_equal(op->ended, 0);
    assert_int_equal(count_entries(fixture, "token"), 0);
}

/* What the first try ended is not mistaken for what was never this person's. */
static void an_end_is_not_foreign_to_itself(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", "s1");
    add_session(fixture, "b", "baraka", "s1");
    struct store_session_end *op = new_end_by_token(fixture, "token", "s1", "asha");
    assert_int_equal(run_without_answer(fixture, &op->base), ERR_OK);
    assert_int_equal(op->ended, 1);
    assert_false(op->foreign);
    assert_true(stands(fixture, "b"));
}

static void a_foreign_end_stays_foreign(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", "s1");
    struct store_session_end *op = new_end_by_token(fixture, "token", "s1", "baraka");
    assert_int_equal(run_without_answer(fixture, &op->base), ERR_OK);
    assert_true(op->foreign);
    assert_false(op->replayed);
    assert_int_equal(op->ended, 0);
    assert_true(stands(fixture, "a"));
}

static void an_end_by_id_knows_what_it_ended(void **state)
{
    struct fixture *fixture = *state;
    add_session(fixture, "a", "asha", NULL);
    struct store_session_end *op = new_end_by_id(fixture, "a", "end");
    assert_int_equal(run_without_answer(fixture, &op->base), ERR_OK);
    assert_int_equal(op->ended, 1);
    assert_int_equal(count_entries(fixture, "end"), 1);
    assert_int_equal(count_sessions(), 0);
}

int main(void)
{
    static const struct store_case cases[] = {
        STORE_CASE(a_create_is_made_once),
        STORE_CASE(a_create_does_not_bring_back_what_has_ended),
        STORE_CASE(a_person_has_no_more_by_two_links),
        STORE_CASE(a_lease_is_taken_at_most_once),
        STORE_CASE(a_refresh_is_stored),
        STORE_CASE(an_end_is_no_replay_of_itself),
        STORE_CASE(an_end_of_nothing_ended_nothing),
        STORE_CASE(an_end_is_not_foreign_to_itself),
        STORE_CASE(a_foreign_end_stays_foreign),
        STORE_CASE(an_end_by_id_knows_what_it_ended),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), "postgres");
}
