/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disturbs a private PostgreSQL while the store works on it.
 *
 * A second thread watches the server from a connection of its own until the store's transaction has come to where it is to be
 * disturbed: nothing depends on time. A commit is held there by naming a standby that does not exist: it is on disk, its answer waits.
 */
#pragma once

#include "store_cases.h"

#include "core/clock.h"

#define PATIENCE_MS 20000
#define OF_STORE                                                                                   \
    "from pg_stat_activity where application_name = 'agizo' and datname = current_database() "

static PGconn *connect_case(void)
{
    char text[160];
    snprintf(text, sizeof(text), "host=%s user=postgres dbname=case%d", store_home.postgres.folder,
        store_home.databases - 1);
    PGconn *connection = PQconnectdb(text);
    check(PQstatus(connection) == CONNECTION_OK);
    return connection;
}

static void command(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    check(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
    PQclear(result);
}

static long number(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    check(PQresultStatus(result) == PGRES_TUPLES_OK);
    long value = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return value;
}

/* Until the query answers something else than 0. */
static void await(PGconn *connection, const char *sql)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (!number(connection, sql)) check(clock_mono_ms() < until);
}

struct disturbance {
    pthread_t thread;
    PGconn *connection;
    void (*act)(PGconn *connection);
};

static void *run_disturbance(void *argument)
{
    struct disturbance *disturbance = argument;
    disturbance->act(disturbance->connection);
    return NULL;
}

static void disturb(struct disturbance *disturbance, void (*act)(PGconn *connection))
{
    disturbance->connection = connect_case();
    disturbance->act = act;
    check(pthread_create(&disturbance->thread, NULL, run_disturbance, disturbance) == 0);
}

static void end_disturbance(struct disturbance *disturbance)
{
    pthread_join(disturbance->thread, NULL);
    PQfinish(disturbance->connection);
}

static void reload(PGconn *connection)
{
    command(connection, "select set_config('case.at', pg_conf_load_time()::text, false)");
    command(connection, "select pg_reload_conf()");
    await(connection, "select (pg_conf_load_time()::text <> current_setting('case.at'))::int");
}

/* The checkpointer lets commits wait: it hears of a change after this connection, before the next change, and heeds it first. */
static void hold_commits(PGconn *connection)
{
    command(connection, "alter system set synchronous_standby_names = 'nobody'");
    reload(connection);
    reload(connection);
    command(connection, "checkpoint");
}

static void release_commits(PGconn *connection)
{
    command(connection, "alter system reset synchronous_standby_names");
    reload(connection);
}

/* Ends the connection whose transaction is on disk and whose answer waits; the next one gets its answer. */
static void lose_the_answer(PGconn *connection)
{
    await(connection, "select count(*) " OF_STORE "and wait_event = 'SyncRep'");
    command(connection, "select pg_terminate_backend(pid) " OF_STORE "and wait_event = 'SyncRep'");
    await(connection, "select (count(*) = 0)::int " OF_STORE "and wait_event = 'SyncRep'");
    release_commits(connection);
}

static enum err run_without_answer(struct fixture *fixture, struct store_op *op)
{
    struct disturbance disturbance;
    PGconn *connection = connect_case();
    hold_commits(connection);
    disturb(&disturbance, lose_the_answer);
    enum err err = run(fixture, op);
    end_disturbance(&disturbance);
    PQfinish(connection);
    return err;
}
