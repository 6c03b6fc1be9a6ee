/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL taken away in the middle: connections ended, the server killed, locks held, commits whose answer never comes.
 *
 * How it is disturbed without depending on time stands in lost_answer.h.
 */
#include "lost_answer.h"
#include "store_sample.h"

/* Ends every connection of the store, several times, each time while a transaction runs. */
static void end_connections(PGconn *connection)
{
    for (int i = 0; i < 6; i++) {
        await(connection, "select count(*) " OF_STORE "and state = 'active'");
        command(connection, "select pg_terminate_backend(pid) " OF_STORE);
    }
}

static const struct audit_actor clerk = {.subject = {"clerk-1", 7}};

#define LOSS_ORDERS 3000
static void broken_connections_cost_no_order(void **state)
{
    struct fixture *fixture = *state;
    static struct store_op *ops[LOSS_ORDERS];
    struct disturbance disturbance;
    add_customer(fixture, "C1");
    for (size_t i = 0; i < LOSS_ORDERS; i++) {
        ops[i] = &new_order(fixture, "C1")->base;
        ops[i]->actor = &clerk;
        ops[i]->audit_id = uuid_new();
    }
    disturb(&disturbance, end_connections);
    for (size_t at = 0; at < LOSS_ORDERS; at += 500) run_all(fixture, ops + at, 500, CLIENTS);
    /* Whatever has not been ended by then is ended while reads are out. */
    for (size_t i = 0; i < LOSS_ORDERS; i++) {
        assert_int_equal(ops[i]->op.err, ERR_OK);
        struct store_order_create *order = CONTAINER_OF(ops[i], struct store_order_create, base);
        assert_int_equal(get(fixture, STORE_ORDER_GET, order->row.id)->base.op.err, ERR_OK);
    }
    end_disturbance(&disturbance);
    PGconn *connection = connect_case();
    assert_int_equal(number(connection, "select count(*) from orders"), LOSS_ORDERS);
    assert_int_equal(
        number(connection, "select count(distinct order_id) from messages"), LOSS_ORDERS);
    assert_int_equal(
        number(connection, "select count(distinct record) from audit_log"), LOSS_ORDERS);
    assert_int_equal(number(connection, "select count(*) from audit_log"), LOSS_ORDERS);
    PQfinish(connection);
}

static void finds_out_that_a_create_was_committed(void **state)
{
    struct fixture *fixture = *state;
    struct store_customer_create *customer = new_customer(fixture, "C1");
    struct store_order_create *order = new_order(fixture, "C1");
    order->key =
        (struct store_key){true, digest_sha256(SLICE("key")), digest_sha256(SLICE("body"))};
    add_customer(fixture, "C0"); /* so the migrations are done */
    assert_int_equal(run_without_answer(fixture, &customer->base), ERR_OK);
    size_t nudges = atomic_load(&fixture->nudges);
    assert_int_equal(run_without_answer(fixture, &order->base), ERR_OK);
    assert_false(order->replay.hit); /* it is the first answer, not a replay */
    assert_id(order->row.customer_id, customer->row.id);
    assert_int_equal(atomic_load(&fixture->nudges), nudges + 1);
    assert_int_equal(get(fixture, STORE_MESSAGE_GET, order->message.id)->base.op.err, ERR_OK);
}

static struct store_outbox_claim *new_claim(struct fixture *fixture)
{
    struct store_outbox_claim *claim = make(fixture, STORE_OUTBOX_CLAIM, sizeof(*claim));
    claim->now = NOW;
    claim->lease_until = NOW + HOUR_MS;
    claim->token = uuid_new();
    claim->limit = 10;
    return claim;
}

static struct store_outbox_settle *new_settle(
    struct fixture *fixture, const struct store_outbox_claim *claim, struct settlement *item)
{
    struct store_outbox_settle *settle = make(fixture, STORE_OUTBOX_SETTLE, sizeof(*settle));
    *item =
        (struct settlement){.id = claim->messages[0].id, .state = MESSAGE_ACCEPTED, .sent_at = NOW};
    settle->now = NOW;
    settle->token = claim->token;
    settle->items = item;
    settle->count = 1;
    return settle;
}

static void finds_what_a_claim_took(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid message = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *claim = new_claim(fixture);
    assert_int_equal(run_without_answer(fixture, &claim->base), ERR_OK);
    assert_int_equal(claim->count, 1);
    assert_id(claim->messages[0].id, message);
    assert_int_equal(claim->messages[0].attempts, 1);
}

static void finds_what_a_settlement_settled(void **state)
{
    struct fixture *fixture = *state;
    struct settlement item;
    add_customer(fixture, "C1");
    struct uuid message = add_order(fixture, "C1", NOW);
    struct store_outbox_claim *claim = new_claim(fixture);
    assert_int_equal(run(fixture, &claim->base), ERR_OK);
    struct store_outbox_settle *settle = new_settle(fixture, claim, &item);
    assert_int_equal(run_without_answer(fixture, &settle->base), ERR_OK);
    assert_int_equal(settle->applied, 1);
    assert_int_equal(get_message(fixture, message)->state, MESSAGE_ACCEPTED);
}

static void give_back_a_code(PGconn *connection)
{
    await(connection, "select count(*) from pg_locks where not granted");
    command(
        connection, "select pg_terminate_backend(pid) " OF_STORE "and wait_event_type = 'Lock'");
    await(connection, "select count(*) from pg_locks where not granted");
    command(connection, "commit");
}

static void waits_for_another_writer_and_then_tells(void **state)
{
    struct fixture *fixture = *state;
    struct disturbance disturbance = {.connection = connect_case(), .act = give_back_a_code};
    add_customer(fixture, "C1");
    command(disturbance.connection,
        "begin; insert into customers select gen_random_uuid(), 'c2', name, phone, language, "
        "sms_opt_out, version, created_at, updated_at from customers");
    check(pthread_create(&disturbance.thread, NULL, run_disturbance, &disturbance) == 0);
    assert_int_equal(run(fixture, &new_customer(fixture, "C2")->base), ERR_CODE_TAKEN);
    end_disturbance(&disturbance);
}

static void move_the_customer(PGconn *connection)
{
    PGconn *other = connect_case();
    await(other, "select count(*) from pg_locks where not granted");
    command(other, "update customers set phone = '+254700000002', version = 2");
    command(connection, "rollback");
    PQfinish(other);
}

static void composes_again_when_the_customer_changed(void **state)
{
    struct fixture *fixture = *state;
    struct disturbance disturbance = {.connection = connect_case(), .act = move_the_customer};
    struct store_order_create *order = new_order(fixture, "C1");
    order->key =
        (struct store_key){true, digest_sha256(SLICE("key")), digest_sha256(SLICE("body"))};
    add_customer(fixture, "C1");
    /* Somebody else holds the order's key for a while, after its customer was looked up. */
    command(disturbance.connection,
        "begin; insert into idempotency_keys select sha256('key'), sha256('other'), 201, id, '{}', "
        "now() from customers");
    check(pthread_create(&disturbance.thread, NULL, run_disturbance, &disturbance) == 0);
    assert_int_equal(run(fixture, &order->base), ERR_OK);
    end_disturbance(&disturbance);
    assert_text(get_message(fixture, order->message.id)->to, "+254700000002");
}

/* Each link remembers customers that it has read; what it remembers is never trusted. */
static void asks_again_when_what_it_knows_is_old(void **state)
{
    struct fixture *fixture = *state;
    PGconn *other = connect_case();
    add_customer(fixture, "C1");
    add_order(fixture, "C1", NOW);
    command(other, "update customers set phone = '+254700000002', version = 2");
    assert_text(get_message(fixture, add_order(fixture, "c1", NOW))->to, "+254700000002");
    command(other, "update customers set code = 'C2', version = 3");
    assert_int_equal(run(fixture, &new_order(fixture, "C1")->base), ERR_UNKNOWN_CUSTOMER);
    assert_int_equal(run(fixture, &new_order(fixture, "C2")->base), ERR_OK);
    command(other, "delete from customers");
    assert_int_equal(run(fixture, &new_order(fixture, "C2")->base), ERR_UNKNOWN_CUSTOMER);
    command(other, "insert into customers select gen_random_uuid(), 'C2', 'Other', "
                   "'+254700000003', null, false, 1, now(), now()");
    assert_text(get_message(fixture, add_order(fixture, "C2", NOW))->to, "+254700000003");
    PQfinish(other);
}

static void says_when_it_cannot_reach_the_server(void **state)
{
    struct fixture *fixture = *state;
    add_customer(fixture, "C1");
    struct uuid message = add_order(fixture, "C1", NOW);
    postgres_kill(&store_home.postgres);
    struct store_outbox_claim *claim = new_claim(fixture);
    struct store_get *read = make(fixture, STORE_MESSAGE_GET, sizeof(*read));
    read->id = message;
    struct store_op *ops[] = {&new_order(fixture, "C1")->base, &claim->base, &read->base};
    run_all(fixture, ops, ARRAY_LEN(ops), 1);
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) assert_int_equal(ops[i]->op.err, ERR_UNAVAILABLE);
    assert_false(store_ready(fixture->store));
    postgres_run(&store_home.postgres);
    /* Both connections come back, each after a pause of its own. */
    while (run(fixture, &new_order(fixture, "C1")->base) != ERR_OK) continue;
    while (get(fixture, STORE_MESSAGE_GET, message)->base.op.err != ERR_OK) continue;
    assert_true(store_ready(fixture->store));
    assert_int_equal(get_message(fixture, message)->state, MESSAGE_QUEUED);
}

static void says_when_the_server_only_reads(void **state)
{
    struct fixture *fixture = *state;
    PGconn *connection = connect_case();
    char sql[128];
    add_customer(fixture, "C1");
    snprintf(sql, sizeof(sql), "alter database case%d set default_transaction_read_only = on",
        store_home.databases - 1);
    command(connection, sql);
    command(connection, "select pg_terminate_backend(pid) " OF_STORE);
    assert_int_equal(run(fixture, &new_order(fixture, "C1")->base), ERR_UNAVAILABLE);
    PQfinish(connection);
}

/* Its connection goes with every try, so nobody knows what became of them: that is no other request under the key. */
static void a_key_does_not_hide_that(void **state)
{
    struct fixture *fixture = *state;
    PGconn *connection = connect_case();
    char sql[128];
    add_customer(fixture, "C1");
    struct store_order_create *order = new_order(fixture, "C1");
    order->key =
        (struct store_key){true, digest_sha256(SLICE("key")), digest_sha256(SLICE("body"))};
    snprintf(sql, sizeof(sql), "alter database case%d set default_transaction_read_only = on",
        store_home.databases - 1);
    command(connection, sql);
    command(connection, "select pg_terminate_backend(pid) " OF_STORE);
    assert_int_equal(run(fixture, &order->base), ERR_UNAVAILABLE);
    PQfinish(connection);
}

#define LOCKED_OPS 40
/* The locks' own timeout and the longest wait for one that may have been committed, with room to spare. */
#define LOCKED_MS 15000

/* While a table is locked, every operation of `ops` is answered in time, and it is "unavailable". */
static void expect_refused_in_time(
    struct fixture *fixture, const char *lock, struct store_op *const *ops)
{
    PGconn *connection = connect_case();
    int64_t start = clock_mono_ms();
    command(connection, lock);
    run_all(fixture, ops, LOCKED_OPS, 1);
    assert_true(clock_mono_ms() - start < LOCKED_MS);
    for (size_t i = 0; i < LOCKED_OPS; i++) assert_int_equal(ops[i]->op.err, ERR_UNAVAILABLE);
    PQfinish(connection);
}

static void a_locked_table_keeps_no_create_for_ever(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[LOCKED_OPS];
    add_customer(fixture, "C1");
    for (size_t i = 0; i < LOCKED_OPS; i++) ops[i] = &new_order(fixture, "C1")->base;
    expect_refused_in_time(fixture, "begin; lock table orders in share mode", ops);
    assert_int_equal(run(fixture, &new_order(fixture, "C1")->base), ERR_OK);
}

static void a_locked_table_keeps_no_read_for_ever(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[LOCKED_OPS];
    add_customer(fixture, "C1");
    for (size_t i = 0; i < LOCKED_OPS; i++) {
        struct store_get *op = make(fixture, STORE_ORDER_GET, sizeof(*op));
        op->id = uuid_new();
        ops[i] = &op->base;
    }
    expect_refused_in_time(fixture, "begin; lock table orders", ops);
    assert_int_equal(get(fixture, STORE_ORDER_GET, uuid_new())->base.op.err, ERR_NOT_FOUND);
}

/* An order that was answered is on disk, whatever the database's own setting: only a commit that waits for the disk can be seen to
 * wait for a standby. */
static void commits_wait_for_the_disk(void **state)
{
    struct fixture *fixture = *state;
    PGconn *connection = connect_case();
    char sql[128];
    add_customer(fixture, "C1");
    snprintf(sql, sizeof(sql), "alter database case%d set synchronous_commit = off",
        store_home.databases - 1);
    command(connection, sql);
    command(connection, "select pg_terminate_backend(pid) " OF_STORE);
    assert_int_equal(run_without_answer(fixture, &new_order(fixture, "C1")->base), ERR_OK);
    PQfinish(connection);
}

static void takes_back_prepared_statements(PGconn *connection)
{
    command(connection, "alter table customers alter column name type varchar(500)");
}

/* A later version's migration changes what our prepared statements answer: the connection is made anew. */
static void reads_on_after_a_migration(void **state)
{
    struct fixture *fixture = *state;
    struct disturbance disturbance;
    struct store_customer_create *customer = new_customer(fixture, "C1");
    assert_int_equal(run(fixture, &customer->base), ERR_OK);
    assert_int_equal(get(fixture, STORE_CUSTOMER_GET, customer->row.id)->base.op.err, ERR_OK);
    disturb(&disturbance, takes_back_prepared_statements);
    end_disturbance(&disturbance);
    struct store_get *read = get(fixture, STORE_CUSTOMER_GET, customer->row.id);
    assert_int_equal(read->base.op.err, ERR_OK);
    assert_text(read->row.customer.name, "Sample");
}

static void refuses_a_newer_database(void **state)
{
    PGconn *connection = connect_case();
    struct store_options options = {.database = NULL};
    char database[160];
    (void)state;
    add_customer(*state, "C1"); /* so the store is migrated */
    snprintf(database, sizeof(database), "postgres:///case%d?host=%s&user=postgres",
        store_home.databases - 1, store_home.postgres.folder);
    options.database = database;
    assert_int_equal(store_migrate(&options), ERR_OK);
    command(connection, "insert into schema_migrations (number, name) values (9999, 'later')");
    assert_int_equal(store_migrate(&options), ERR_UNAVAILABLE);
    struct store *store = store_open(&options);
    assert_non_null(store);
    assert_false(store_ready(store));
    store_close(store);
    PQfinish(connection);
}

static void one_copy_migrates_at_a_time(void **state)
{
    PGconn *connection = connect_case();
    struct store_options options = {.database = NULL};
    char database[160];
    add_customer(*state, "C1");
    snprintf(database, sizeof(database), "postgres:///case%d?host=%s&user=postgres",
        store_home.databases - 1, store_home.postgres.folder);
    options.database = database;
    command(connection, "select pg_advisory_lock(418346793583)");
    assert_int_equal(store_migrate(&options), ERR_UNAVAILABLE);
    PQfinish(connection);
    while (store_migrate(&options) != ERR_OK)
        continue; /* the server frees the lock with the session */
}

static void refuses_an_address_that_is_none(void **state)
{
    struct store_options options = {.database = "postgres:/nowhere"};
    (void)state;
    assert_null(store_open(&options));
    assert_int_equal(store_migrate(&options), ERR_UNAVAILABLE);
    options.database = "postgres:///none?host=/nowhere";
    assert_int_equal(store_migrate(&options), ERR_UNAVAILABLE);
}

int main(void)
{
    static const struct store_case cases[] = {
        STORE_CASE(broken_connections_cost_no_order),
        STORE_CASE(finds_out_that_a_create_was_committed),
        STORE_CASE(finds_what_a_claim_took),
        STORE_CASE(finds_what_a_settlement_settled),
        STORE_CASE(waits_for_another_writer_and_then_tells),
        STORE_CASE(composes_again_when_the_customer_changed),
        STORE_CASE(asks_again_when_what_it_knows_is_old),
        STORE_CASE(says_when_it_cannot_reach_the_server),
        STORE_CASE(says_when_the_server_only_reads),
        STORE_CASE(a_key_does_not_hide_that),
        STORE_CASE(a_locked_table_keeps_no_create_for_ever),
        STORE_CASE(a_locked_table_keeps_no_read_for_ever),
        STORE_CASE(commits_wait_for_the_disk),
        STORE_CASE(reads_on_after_a_migration),
        STORE_CASE(refuses_a_newer_database),
        STORE_CASE(one_copy_migrates_at_a_time),
        STORE_CASE(refuses_an_address_that_is_none),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), "postgres");
}
