/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How SQLite goes about every fixed statement, on a database without statistics, as the service has it: by searches in indexes. Nothing
 * walks over a table that grows, and nothing sorts what could be many rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "remove_folder.h"
#include "store/sqlite/sql.h"
#include "store/store.h"

static const char *const names[] = {
#define SQL(name, text) #name,
#include "store/sqlite/sql.def"
#undef SQL
};

/* What a statement may do beside searching. */
static const struct {
    enum sql sql;
    const char *step;
} allowed[] = {
    /* Asked for now and then, of the index alone. */
    {SQL_OUTBOX_DEPTH, "SCAN messages USING COVERING INDEX messages_turn"},
    /* A few thousand of an index at most; and two messages of each number. */
    {SQL_REPORTS_HOPEFUL, "SCAN r"},
    {SQL_REPORTS_HOPEFUL, "SCAN a"},
    /* The reports of one message, the sessions of one person. */
    {SQL_REPORTS_WAITING, "USE TEMP B-TREE FOR ORDER BY"},
    {SQL_SESSION_TRIM, "USE TEMP B-TREE FOR ORDER BY"},
};

/* What holds a handful of rows. */
static const char *const small[] = {
    "SCAN CONSTANT ROW", "SCAN (subquery", "SCAN sms_control", "SCAN templates"};

static bool is_search(const char *step)
{
    if (strstr(step, "TEMP B-TREE")) return false;
    if (strncmp(step, "SCAN", 4) != 0) return true;
    for (size_t i = 0; i < ARRAY_LEN(small); i++) {
        if (strncmp(step, small[i], strlen(small[i])) == 0) return true;
    }
    return false;
}

static bool is_allowed(enum sql sql, const char *step)
{
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        if (allowed[i].sql == sql && strcmp(step, allowed[i].step) == 0) return true;
    }
    return false;
}

static sqlite3_stmt *explain(sqlite3 *db, const char *text)
{
    char explained[8192];
    sqlite3_stmt *statement = NULL;
    snprintf(explained, sizeof(explained), "explain query plan %s", text);
    assert_int_equal(sqlite3_prepare_v2(db, explained, -1, &statement, NULL), SQLITE_OK);
    return statement;
}

/* The next step of the plan, or NULL behind the last one. */
static const char *next_step(sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) == SQLITE_ROW)
        return (const char *)sqlite3_column_text(statement, 3);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return NULL;
}

struct place {
    char folder[32];
    sqlite3 *db;
};

static int make_place(void **state)
{
    struct place *place = memory_zeroed(sizeof(*place));
    char setting[64];
    snprintf(place->folder, sizeof(place->folder), "/tmp/agizo-plans-XXXXXX");
    if (!mkdtemp(place->folder)) return -1;
    snprintf(setting, sizeof(setting), "sqlite:%s/a.db", place->folder);
    enum err err = store_migrate(&(struct store_options){.database = setting});
    *state = place;
    return err || sqlite3_open(setting + strlen("sqlite:"), &place->db);
}

static int remove_place(void **state)
{
    struct place *place = *state;
    int code = sqlite3_close(place->db);
    remove_folder(place->folder);
    free(place);
    return code;
}

static void statements_search(void **state)
{
    const struct place *place = *state;
    int bad = 0;
    for (int sql = 0; sql < SQL_COUNT; sql++) {
        sqlite3_stmt *plan = explain(place->db, sql_text((enum sql)sql));
        for (const char *step; (step = next_step(plan));) {
            if (is_search(step) || is_allowed((enum sql)sql, step)) continue;
            print_error("%s: %s\n", names[sql], step);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

/* Pages are read in the order of an index; only what belongs to one order or one number is sorted. */
static void lists_search(void **state)
{
    const struct place *place = *state;
    int bad = 0;
    for (int list = 0; list < SQL_LIST_COUNT; list++) {
        for (unsigned filters = 0; filters < SQL_FILTER_SETS; filters++) {
            struct buf text;
            if (filters & ~sql_list_filters((enum sql_list)list)) continue;
            buf_init(&text, 4096);
            sql_list_put((enum sql_list)list, filters, &text);
            bool few = filters & (SQL_BY_ORDER | SQL_BY_PHONE);
            sqlite3_stmt *plan = explain(place->db, text.ptr);
            for (const char *step; (step = next_step(plan));) {
                if (is_search(step) || (few && strstr(step, "TEMP B-TREE"))) continue;
                print_error("list %d, filters %u: %s\n", list, filters, step);
                bad++;
            }
            buf_deinit(&text);
        }
    }
    assert_int_equal(bad, 0);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, make_place, remove_place)

int main(void)
{
    static const struct CMUnitTest tests[] = {CASE(statements_search), CASE(lists_search)};
    return cmocka_run_group_tests_name("sqlite plans", tests, NULL, NULL);
}
