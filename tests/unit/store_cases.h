/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a table of cases on both stores: SQLite, in a temporary folder, and a private PostgreSQL. Each case has a database of its own.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "private_postgres.h"
#include "store_fixture.h"

#define STORE_CASE(function)                                                                       \
    {                                                                                              \
#function, function                                                                        \
    }

struct store_case {
    const char *name;
    CMUnitTestFunction run;
};

enum store_kind { STORE_SQLITE, STORE_POSTGRES, STORE_KINDS };
static const char *const store_names[STORE_KINDS] = {"sqlite", "postgres"};

/* Of this program. */
static struct store_home {
    char folder[64];
    struct private_postgres postgres;
    bool has_postgres;
    int databases;
} store_home;

static int set_up_home(void **state)
{
    (void)state;
    snprintf(store_home.folder, sizeof(store_home.folder), "/tmp/agizo-store-XXXXXX");
    if (!mkdtemp(store_home.folder)) return -1;
    if (store_home.has_postgres) postgres_start(&store_home.postgres);
    return 0;
}

static int tear_down_home(void **state)
{
    (void)state;
    if (store_home.has_postgres) postgres_stop(&store_home.postgres);
    remove_folder(store_home.folder);
    return 0;
}

static void name_postgres(int number, char *out, size_t size)
{
    const char *folder = store_home.postgres.folder;
    char text[160];
    snprintf(text, sizeof(text), "host=%s user=postgres dbname=postgres", folder);
    PGconn *connection = PQconnectdb(text);
    snprintf(text, sizeof(text), "create database case%d", number);
    PQclear(PQexec(connection, text));
    check(PQstatus(connection) == CONNECTION_OK && !*PQerrorMessage(connection));
    PQfinish(connection);
    snprintf(out, size, "postgres:///case%d?host=%s&user=postgres", number, folder);
}

static int open_case(void **state)
{
    char database[160];
    int number = store_home.databases++;
    if (*(const enum store_kind *)*state == STORE_POSTGRES) {
        name_postgres(number, database, sizeof(database));
    } else {
        snprintf(database, sizeof(database), "sqlite:%s/case%d.db", store_home.folder, number);
    }
    *state = memory_zeroed(sizeof(struct fixture));
    fixture_start(*state, database);
    return 0;
}

static int close_case(void **state)
{
    fixture_stop(*state);
    free(*state);
    return 0;
}

/* `only` names one store to run alone; empty for both. Returns the number of failed tests. */
static int run_store_cases(const struct store_case *cases, size_t count, const char *only)
{
    static enum store_kind kinds[STORE_KINDS] = {STORE_SQLITE, STORE_POSTGRES};
    struct CMUnitTest *tests = memory_zeroed(STORE_KINDS * count * sizeof(*tests));
    size_t total = 0;
    for (size_t kind = 0; kind < STORE_KINDS; kind++) {
        if (*only && strcmp(only, store_names[kind]) != 0) continue;
        if (kind == STORE_POSTGRES) store_home.has_postgres = true;
        for (size_t i = 0; i < count; i++) {
            char name[128];
            snprintf(name, sizeof(name), "%s: %s", store_names[kind], cases[i].name);
            tests[total++] = (struct CMUnitTest){
                memory_text(name), cases[i].run, open_case, close_case, &kinds[kind]};
        }
    }
    int failed = _cmocka_run_group_tests("store", tests, total, set_up_home, tear_down_home);
    for (size_t i = 0; i < total; i++) free((char *)(uintptr_t)tests[i].name);
    free(tests);
    return failed;
}
