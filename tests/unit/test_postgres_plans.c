/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How PostgreSQL runs the statements of sql.def and of lists: along indexes, also in tables of which it knows nothing yet.
 *
 * Each is prepared with the settings of the store's own connections, and its plan is asked for; nothing runs. With SHOW_PLANS set those of
 * the lists are printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/buf.h"
#include "private_postgres.h"
#include "store/history.h"
#include "store/postgres/statement.h"
#include "store/store.h"

/* As in postgres/connection.c. */
static const char settings[] =
    "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off; "
    "set enable_bitmapscan = off; set enable_hashjoin = off; set enable_mergejoin = off";

static const struct {
    const char *name, *text;
} statements[] = {
#define STATEMENT(role, name, text) {#name, text},
#include "store/postgres/sql.def"
#undef STATEMENT
};

static struct private_postgres server;
static PGconn *connection;
static struct buf plan;

/* As a connection of the store prepares them: all in one go. */
static void prepare_lists(void)
{
    check(PQenterPipelineMode(connection) && lists_prepare(connection));
    check(PQpipelineSync(connection));
    for (bool done = false; !done;) {
        PGresult *result = PQgetResult(connection); /* NULL behind each statement */
        done = result && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        check(!result || done || PQresultStatus(result) == PGRES_COMMAND_OK);
        PQclear(result);
    }
    check(PQexitPipelineMode(connection));
}

static int set_up(void **state)
{
    char text[160];
    struct store_options options = {.database = text};
    (void)state;
    postgres_start(&server);
    snprintf(text, sizeof(text), "postgres:///postgres?host=%s&user=postgres", server.folder);
    check(store_migrate(&options) == ERR_OK);
    connection = PQconnectdb(text);
    check(PQstatus(connection) == CONNECTION_OK);
    PQclear(PQexec(connection, settings));
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        PQclear(PQprepare(connection, statements[i].name, statements[i].text, 0, NULL));
        check(!*PQerrorMessage(connection));
    }
    prepare_lists();
    buf_init(&plan, 1 << 16);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_deinit(&plan);
    PQfinish(connection);
    postgres_stop(&server);
    return 0;
}

static int count_parameters(const char *name)
{
    PGresult *result = PQdescribePrepared(connection, name);
    int count = PQnparams(result);
    PQclear(result);
    return count;
}

/* The plan of a prepared statement. */
static void explain(const char *name)
{
    char text[512];
    int len = snprintf(text, sizeof(text), "explain (costs off) execute \"%s\"", name);
    int count = count_parameters(name);
    for (int i = 0; i < count; i++) {
        len += snprintf(text + len, sizeof(text) - (size_t)len, i ? ", null" : "(null");
    }
    snprintf(text + len, sizeof(text) - (size_t)len, count ? ")" : "");
    PGresult *result = PQexec(connection, text);
    check(PQresultStatus(result) == PGRES_TUPLES_OK);
    buf_reset(&plan);
    for (int i = 0; i < PQntuples(result); i++) {
        buf_put_text(&plan, PQgetvalue(result, i, 0));
        buf_put_char(&plan, '\n');
    }
    PQclear(result);
}

static bool says(const char *words)
{
    return memmem(plan.ptr, plan.len, words, strlen(words));
}

/* Those that grow. */
static const char *const tables[] = {"messages", "orders", "customers", "delivery_reports",
    "suppressions", "audit_log", "idempotency_keys", "sessions"};

static void assert_no_whole_table(const char *name)
{
    for (size_t table = 0; table < ARRAY_LEN(tables); table++) {
        char words[64];
        snprintf(words, sizeof(words), "Seq Scan on %s ", tables[table]);
        if (says(words)) fail_msg("%s\n%.*s", name, (int)plan.len, plan.ptr);
    }
}

static void no_statement_reads_a_whole_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        explain(statements[i].name);
        assert_no_whole_table(statements[i].name);
    }
}

/* Of each page, search and count: nothing is sorted or kept but what belongs to one order or one number or is one customer, so that it ends where it
 * may. */
static void lists_follow_their_indexes(void **state)
{
    static const char question[] = "select name from pg_prepared_statements where name ~ "
                                   "'^(LIST|COUNT)_' order by name";
    (void)state;
    PGresult *names = PQexec(connection, question);
    assert_true(PQntuples(names) > 60);
    for (int i = 0; i < PQntuples(names); i++) {
        char *end;
        const char *name = PQgetvalue(names, i, 0);
        unsigned long verb = strtoul(strchr(name, '_') + 1, &end, 10);
        unsigned long filters = strtoul(end + 1, &end, 10);
        assert_int_equal(*end, '\0');
        bool few = filters & (LIST_BY_ORDER | LIST_BY_PHONE) ||
                   (verb == STORE_CUSTOMER_LIST && filters & LIST_BY_CUSTOMER);
        explain(name);
        if (getenv("SHOW_PLANS")) print_message("%s\n%.*s", name, (int)plan.len, plan.ptr);
        assert_no_whole_table(name);
        if (!few && (says("Sort") || says("Materialize") || says("Hash"))) {
            fail_msg("%s\n%.*s", name, (int)plan.len, plan.ptr);
        }
    }
    PQclear(names);
}

/* Where the page begins is part of what is looked up. */
static void pages_begin_inside_their_index(void **state)
{
    static const struct {
        const char *name, *index, *place;
    } rows[] = {
        {"LIST_5_2", "customers_by_creation on customers c", "ROW(created_at, id) < ROW($5, $6)"},
        {"LIST_5_34", "customers_by_creation on customers c", "ROW(created_at, id) < ROW($5, $6)"},
        {"LIST_6_2", "orders_by_time on orders o", "ROW(\"time\", id) < ROW($5, $6)"},
        {"LIST_6_3", "orders_by_customer on orders o", "ROW(\"time\", id) < ROW($5, $6)"},
        {"LIST_6_34", "orders_by_time on orders o", "ROW(\"time\", id) < ROW($5, $6)"},
        {"LIST_6_35", "orders_by_customer on orders o", "ROW(\"time\", id) < ROW($5, $6)"},
        {"LIST_7_2", "messages_by_creation on messages m", "ROW(created_at, id) < ROW($5, $6)"},
        {"LIST_7_3", "messages_by_customer on messages m", "ROW(created_at, id) < ROW($5, $6)"},
        {"LIST_7_6", "messages_by_state on messages m", "ROW(created_at, id) < ROW($5, $6)"},
        {"LIST_7_34", "messages_by_creation on messages m", "ROW(created_at, id) < ROW($5, $6)"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        explain(rows[i].name);
        if (!says(rows[i].index) || !says(rows[i].place) || !says("Backward")) {
            fail_msg("%s\n%.*s", rows[i].name, (int)plan.len, plan.ptr);
        }
    }
}

/* Rather than along the times of all others. */
static void the_few_are_looked_up(void **state)
{
    static const struct {
        const char *name, *words;
    } rows[] = {
        {"LIST_5_1", "Index Scan using customers_by_code on customers"},
        {"LIST_7_8", "Index Scan using messages_by_order on messages"},
        {"LIST_28_16", "Index Scan using suppressions_by_phone on suppressions"},
        {"LIST_28_18", "Index Scan using suppressions_by_phone on suppressions"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        explain(rows[i].name);
        if (!says(rows[i].words)) fail_msg("%s\n%.*s", rows[i].name, (int)plan.len, plan.ptr);
    }
}

/* However long the queue, a claim reads its beginning, twice. */
static void a_claim_reads_two_beginnings_of_the_queue(void **state)
{
    (void)state;
    explain("OUTBOX_CLAIM");
    assert_true(says("Index Scan using messages_queued on messages"));
    assert_true(says("Index Cond: (turn_at <= $1)"));
    assert_true(says("Index Scan using messages_ahead on messages"));
    assert_true(says("Index Cond: (due_at <= $1)"));
    assert_true(says("Index Scan using suppressions_by_phone on suppressions"));
    assert_true(says("Index Cond: (phone = ") || says("Index Cond: ((phone = "));
    assert_false(says("messages_by_state"));
}

/* What is matched is found by its keys, not among all that wait or are pending. */
static void reports_find_their_messages_by_key(void **state)
{
    static const char *const names[] = {
        "REPORT_TAKE", "REPORT_ADOPT", "OUTBOX_SETTLE", "OUTBOX_SWEEP"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        explain(names[i]);
        assert_true(says("Index Scan using messages_pkey on messages"));
        assert_true(!says("messages_pending") || says("Index Cond: ((\"to\")::text = r"));
        assert_false(says("messages_by_state"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_statement_reads_a_whole_table),
        cmocka_unit_test(lists_follow_their_indexes),
        cmocka_unit_test(pages_begin_inside_their_index),
        cmocka_unit_test(the_few_are_looked_up),
        cmocka_unit_test(a_claim_reads_two_beginnings_of_the_queue),
        cmocka_unit_test(reports_find_their_messages_by_key),
    };
    return cmocka_run_group_tests_name("postgres_plans", tests, set_up, tear_down);
}
