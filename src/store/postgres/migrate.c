/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applies the embedded migrations, each in a transaction of its own, under an advisory lock.
 *
 * The lock belongs to the session, so it ends with the connection, however that ends. It is asked for without waiting and the whole
 * attempt repeated, so that a stop is never held up by another copy that migrates.
 *
 * Runs on the migrator's thread, or on the caller's for `agizo migrate`; blocking libpq calls. Memory is the attempt's own.
 * Limits: refuses a database that a newer version has migrated; back-off with full jitter up to BACKOFF_MOST_MS.
 */
#include "store/postgres/migrate.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "core/random.h"
#include "obs/log.h"
#include "store/migration.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MOST_MS 5000

/* "agizo" in ASCII: one number for all copies of the service. */
#define LOCK "418346793583"

static void close_connection(PGconn **pg)
{
    PQfinish(*pg);
}

static void clear_result(PGresult **result)
{
    PQclear(*result);
}

/* The SQLSTATE, or that nobody was reached; libpq's own words may hold the address. */
static void log_failure(const PGresult *result, unsigned number)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    log_write(LOG_MIGRATION_FAILED, LOG_NUMBER("number", number),
        LOG_TEXT("why", slice_of(sqlstate ? sqlstate : "cannot reach the database")));
}

static bool run(PGconn *pg, const char *sql, unsigned number)
{
    PGresult *result CLEANUP(clear_result)
    = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return true;
    log_failure(result, number);
    return false;
}

/* The only value of a query that answers one row; -1 when it fails. */
static long query_number(PGconn *pg, const char *sql)
{
    PGresult *result CLEANUP(clear_result)
    = PQexec(pg, sql);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
        return strtol(PQgetvalue(result, 0, 0), NULL, 10);
    }
    log_failure(result, 0);
    return -1;
}

static bool record(PGconn *pg, const struct migration *migration)
{
    char number[16];
    const char *values[] = {number, migration->name};
    snprintf(number, sizeof(number), "%u", migration->number);
    PGresult *result CLEANUP(clear_result)
    = PQexecParams(pg, "insert into schema_migrations (number, name) values ($1::int4, $2)", 2,
        NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_COMMAND_OK) return true;
    log_failure(result, migration->number);
    return false;
}

static bool apply(PGconn *pg, const struct migration *migration)
{
    /* A failure ends the attempt and with it the connection, which rolls back. */
    bool done = run(pg, "begin", migration->number) && run(pg, migration->sql, migration->number) &&
                record(pg, migration) && run(pg, "commit", migration->number);
    if (done) {
        log_write(LOG_MIGRATION_APPLIED, LOG_NUMBER("number", migration->number),
            LOG_TEXT("name", slice_of(migration->name)));
    }
    return done;
}

static bool apply_all(PGconn *pg, bool *newer)
{
    size_t count;
    const struct migration *migrations = postgres_migrations(&count);
    if (!run(pg,
            "create table if not exists schema_migrations (number integer primary key, "
            "name text not null, applied_at timestamptz not null default now())",
            0)) {
        return false;
    }
    long at = query_number(pg, "select coalesce(max(number), 0) from schema_migrations");
    if (at < 0) return false;
    *newer = count > 0 && (unsigned long)at > migrations[count - 1].number;
    if (*newer) {
        log_write(LOG_MIGRATION_FAILED, LOG_NUMBER("number", at),
            LOG_TEXT("why", SLICE("the database was migrated by a newer version")));
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (migrations[i].number > (unsigned long)at && !apply(pg, &migrations[i])) return false;
    }
    return true;
}

/* The first copy of the service writes the secret, all read it. */
static bool read_secret(PGconn *pg, struct digest *secret)
{
    struct digest fresh;
    random_fill(fresh.bytes, sizeof(fresh.bytes));
    const char *values[] = {(const char *)fresh.bytes};
    int lengths[] = {sizeof(fresh.bytes)};
    int formats[] = {1};
    PGresult *insert CLEANUP(clear_result)
    = PQexecParams(pg,
        "insert into service_secrets (name, value) values ('cursor', $1) on conflict do nothing", 1,
        NULL, values, lengths, formats, 1);
    PGresult *select CLEANUP(clear_result)
    = PQexecParams(pg, "select value from service_secrets where name = 'cursor'", 0, NULL, NULL,
        NULL, NULL, 1);
    if (PQresultStatus(select) != PGRES_TUPLES_OK || PQntuples(select) != 1 ||
        PQgetlength(select, 0, 0) != DIGEST_LEN) {
        log_failure(PQresultStatus(insert) == PGRES_COMMAND_OK ? select : insert, 0);
        return false;
    }
    memcpy(secret->bytes, PQgetvalue(select, 0, 0), DIGEST_LEN);
    return true;
}

/* Another copy that holds the lock is not worth a line: it does the work. */
static bool take_lock(PGconn *pg)
{
    return query_number(pg, "select pg_try_advisory_lock(" LOCK ")::int") == 1;
}

enum err migrate_once(const char *database, struct digest *secret, bool *newer)
{
    *newer = false;
    PGconn *pg CLEANUP(close_connection)
    = server_connect(database);
    if (PQstatus(pg) != CONNECTION_OK) {
        log_failure(NULL, 0);
        return ERR_UNAVAILABLE;
    }
    bool done = take_lock(pg) && apply_all(pg, newer) && read_secret(pg, secret);
    return done ? ERR_OK : ERR_UNAVAILABLE;
}

struct migrator {
    struct server *server;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool stopped;
};

/* Sleeps, or not when stopped; false when stopped. */
static bool rest(struct migrator *migrator, int64_t delay_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t nanoseconds = until.tv_nsec + delay_ms % 1000 * 1000000;
    until.tv_sec += (time_t)(delay_ms / 1000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    int waited = 0;
    pthread_mutex_lock(&migrator->mutex);
    while (!migrator->stopped && waited == 0) {
        waited = pthread_cond_timedwait(&migrator->changed, &migrator->mutex, &until);
    }
    bool stopped = migrator->stopped;
    pthread_mutex_unlock(&migrator->mutex);
    return !stopped;
}

static void *run_thread(void *argument)
{
    struct migrator *migrator = argument;
    struct server *server = migrator->server;
    uint64_t most = BACKOFF_FIRST_MS;
    bool newer;
    while (migrate_once(server->database, &server->secret, &newer) != ERR_OK) {
        if (newer || !rest(migrator, (int64_t)random_below(most) + 1)) return NULL;
        most = most * 2 < BACKOFF_MOST_MS ? most * 2 : BACKOFF_MOST_MS;
    }
    atomic_store(&server->reachable, true);
    atomic_store(&server->migrated, true);
    return NULL;
}

struct migrator *migrator_start(struct server *server)
{
    struct migrator *migrator = memory_zeroed(sizeof(*migrator));
    migrator->server = server;
    check(pthread_mutex_init(&migrator->mutex, NULL) == 0);
    check(pthread_cond_init(&migrator->changed, NULL) == 0);
    check(pthread_create(&migrator->thread, NULL, run_thread, migrator) == 0);
    return migrator;
}

void migrator_stop(struct migrator *migrator)
{
    pthread_mutex_lock(&migrator->mutex);
    migrator->stopped = true;
    pthread_cond_signal(&migrator->changed);
    pthread_mutex_unlock(&migrator->mutex);
    check(pthread_join(migrator->thread, NULL) == 0);
    pthread_cond_destroy(&migrator->changed);
    pthread_mutex_destroy(&migrator->mutex);
    free(migrator);
}
