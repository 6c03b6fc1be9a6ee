/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A database file of the version before 0004_sms: its messages go on where they were, and the constraints hold for old and new rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>

#include "remove_folder.h"
#include "store/migration.h"
#include "store/sqlite/sql.h"
#include "store_fixture.h"
#include "store_sample.h"

#define BEFORE 3 /* the last migration that the file has */

struct place {
    char folder[32], database[64];
    struct fixture fixture;
};

static int execute(const struct place *place, const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(place->database + strlen("sqlite:"), &db), SQLITE_OK);
    int code = sqlite3_exec(db, text, NULL, NULL, NULL);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return code;
}

static int64_t ask(const struct place *place, const char *text)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(place->database + strlen("sqlite:"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return answer;
}

/* Orders 1 to 4 with messages of the same ids: queued (due in an hour), sending, accepted, skipped. */
static const char rows[] =
    "insert into customers values (x'00000000000000000000000000000001', 'C1', 'Sample', "
    "'+254700000001',"
    " null, 0, 1, 1, 1);"
    "insert into orders select cast(zeroblob(15) || char(value) as blob), c.id, 'Maize', 1, 'KES', "
    "1,"
    " null, 'tester', 1, 1, 1 from json_each('[1, 2, 3, 4]'), customers c;"
    "insert into messages (id, order_id, customer_id, \"to\", body, encoding, parts, state, "
    "attempts, due_at,"
    " expires_at, lease_token, lease_until, created_at, provider_id)"
    " select o.id, o.id, o.customer_id, '+254700000001', 'text', 'gsm7', 1, s.state, 1,"
    " iif(s.state = 'skipped', null, 1767323045678 + 3600000), 1767323045678 + 7200000,"
    " iif(s.state = 'sending', o.id, null), iif(s.state = 'sending', 1767323045678 + 1000, null), "
    "1,"
    " iif(s.state = 'accepted', 'ATX3', null) from orders o join"
    " (select key + 1 as number, value as state from json_each('[\"queued\", \"sending\", "
    "\"accepted\", \"skipped\"]')) s"
    " on o.id = cast(zeroblob(15) || char(s.number) as blob);";

static void make_old_file(const struct place *place)
{
    size_t count;
    char text[128];
    const struct migration *migrations = sqlite_migrations(&count);
    assert_true(count > BEFORE);
    assert_int_equal(execute(place, sql_text(SQL_MIGRATIONS_TABLE)), SQLITE_OK);
    for (size_t i = 0; i < BEFORE; i++) {
        snprintf(text, sizeof(text), "insert into schema_migrations values (%zu, 'old', 1)", i + 1);
        assert_int_equal(execute(place, migrations[i].sql), SQLITE_OK);
        assert_int_equal(execute(place, text), SQLITE_OK);
    }
    assert_int_equal(execute(place, rows), SQLITE_OK);
    assert_int_equal(ask(place, "select count(*) from messages"), 4);
}

static int make_place(void **state)
{
    struct place *place = memory_zeroed(sizeof(*place));
    snprintf(place->folder, sizeof(place->folder), "/tmp/agizo-old-XXXXXX");
    if (!mkdtemp(place->folder)) return -1;
    snprintf(place->database, sizeof(place->database), "sqlite:%s/a.db", place->folder);
    make_old_file(place);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    remove_folder(place->folder);
    free(place);
    return 0;
}

static struct uuid id_of(uint8_t number)
{
    return (struct uuid){.bytes = {[15] = number}};
}

static void old_messages_go_on(void **state)
{
    struct place *place = *state;
    struct fixture *fixture = &place->fixture;
    fixture_start(fixture, place->database);
    add_customer(fixture, "C2");
    add_order(fixture, "C2", NOW + 2 * HOUR_MS);
    for (uint8_t i = 1; i <= 4; i++) {
        const struct message *row = get_message(fixture, id_of(i));
        assert_int_equal(row->event, MESSAGE_ORDER_RECEIVED);
        assert_text(row->body, "text");
        struct store_get *order = get(fixture, STORE_ORDER_GET, id_of(i));
        assert_int_equal(order->base.op.err, ERR_OK);
        assert_id(order->row.order.message_id, id_of(i));
    }
    assert_int_equal(ask(place, "select count(*) from messages where turn_at = due_at"), 4);

    struct store_outbox_claim *op = make(fixture, STORE_OUTBOX_CLAIM, sizeof(*op));
    op->now = NOW + HOUR_MS;
    op->lease_until = NOW + 2 * HOUR_MS;
    op->token = uuid_new();
    op->limit = 9;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(op->count, 1);
    assert_id(op->messages[0].id, id_of(1));
    fixture_stop(fixture);
}

/* Taken for sending by the version before, queued again by this one; and a report for what the version before had sent. */
static void what_was_on_its_way_can_be_settled(void **state)
{
    struct place *place = *state;
    struct fixture *fixture = &place->fixture;
    fixture_start(fixture, place->database);
    struct settlement item = {.id = id_of(2), .state = MESSAGE_QUEUED, .due_at = NOW + 2 * HOUR_MS};
    struct store_outbox_settle *settle = make(fixture, STORE_OUTBOX_SETTLE, sizeof(*settle));
    settle->now = NOW;
    settle->token = id_of(2);
    settle->items = &item;
    settle->count = 1;
    assert_int_equal(run(fixture, &settle->base), ERR_OK);
    assert_int_equal(settle->applied, 1);
    assert_int_equal(
        ask(place, "select turn_at - due_at from messages where substr(id, 16) = x'02'"), 0);

    struct store_report_take *take = make(fixture, STORE_REPORT_TAKE, sizeof(*take));
    take->report = (struct report){.id = uuid_new(),
        .provider_id = SLICE("ATX3"),
        .status = SLICE("Success"),
        .rank = REPORT_FINAL,
        .state = MESSAGE_DELIVERED,
        .received_at = NOW};
    assert_int_equal(run(fixture, &take->base), ERR_OK);
    assert_true(take->matched);
    assert_int_equal(get_message(fixture, id_of(3))->state, MESSAGE_DELIVERED);
    fixture_stop(fixture);
}

static void the_constraints_hold(void **state)
{
    struct place *place = *state;
    static const char *const refused[] = {
        "update messages set turn_at = null where state = 'queued'",
        "update messages set turn_at = due_at - 1 where state = 'queued'",
        "update messages set event = 'order.lost'",
        "update messages set losses = -1",
        "update messages set state = 'sending' where state = 'queued'",
        ("insert into messages (id, order_id, customer_id, body, encoding, parts, state, "
         "created_at)"
         " select zeroblob(16), order_id, customer_id, body, encoding, 1, 'skipped', 1 from "
         "messages limit 1"),
        "insert into sms_control default values",
        "insert into suppressions values (zeroblob(16), '0700000001', '', 'manual', null, 'asha', "
        "1)",
    };
    assert_int_equal(store_migrate(&(struct store_options){.database = place->database}), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        assert_int_equal(execute(place, refused[i]), SQLITE_CONSTRAINT);
    }
    /* Of what happens to an order later there may be any number of messages. */
    static const char more[] = "insert into messages (id, order_id, customer_id, body, encoding, "
                               "parts, state, created_at, event)"
                               " select randomblob(16), order_id, customer_id, body, encoding, 1, "
                               "'skipped', 1, 'order.changed' from messages";
    assert_int_equal(execute(place, more), SQLITE_OK);
    assert_int_equal(execute(place, more), SQLITE_OK);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, make_place, remove_place)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(old_messages_go_on),
        CASE(what_was_on_its_way_can_be_settled),
        CASE(the_constraints_hold),
    };
    return cmocka_run_group_tests_name("sqlite migration", tests, NULL, NULL);
}
