/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How PostgreSQL runs the statements of sql.def: along indexes, also in tables of which it knows nothing yet.
 *
 * Each is prepared with the settings of the store's own connections, and its plan is asked for; nothing runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/buf.h"
#include "private_postgres.h"
#include "store/history.h"
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

static void no_statement_reads_a_whole_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        explain(statements[i].name);
        for (size_t table = 0; table < ARRAY_LEN(tables); table++) {
            char words[64];
            snprintf(words, sizeof(words), "Seq Scan on %s ", tables[table]);
            if (says(words)) fail_msg("%s\n%.*s", statements[i].name, (int)plan.len, plan.ptr);
        }
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
        cmocka_unit_test(a_claim_reads_two_beginnings_of_the_queue),
        cmocka_unit_test(reports_find_their_messages_by_key),
    };
    return cmocka_run_group_tests_name("postgres_plans", tests, set_up, tear_down);
}
