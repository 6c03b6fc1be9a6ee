/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens, configures and judges one SQLite connection.
 *
 * What was promised as committed must survive a power cut, so the writer insists on a write-ahead log with synchronous=FULL and
 * refuses a file (or file system) that answers otherwise. Only the writer ever writes or checkpoints: SQLite before 3.51.3 can
 * lose the reset of its log when two connections do. Readers open the file read-only.
 *
 * A connection is made on the thread that opens the store and then handed to the one thread that uses it; only `away` is read by
 * others. Limits: a page cache of a few MiB each, so that an idle service stays small.
 */
#include "store/sqlite/connection.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/check.h"
#include "obs/log.h"
#include "store/store.h"

/* cell_size_check finds a damaged page before it is used; secure_delete=fast wipes what costs no extra page; a log that grew
 * in a burst is cut back when it starts over. */
static const char writer_setup[] =
    "pragma cache_size = -8192; pragma foreign_keys = on; pragma trusted_schema = off;"
    "pragma cell_size_check = on; pragma secure_delete = fast; pragma temp_store = memory;"
    "pragma journal_size_limit = 33554432; pragma synchronous = full;";
static const char reader_setup[] =
    "pragma cache_size = -4096; pragma query_only = on; pragma trusted_schema = off;"
    "pragma cell_size_check = on; pragma temp_store = memory;";

static void log_fault(const struct connection *connection)
{
    log_write(LOG_STORE_FAULT, LOG_TEXT("why", slice_of(connection->why)),
        LOG_TEXT("error", slice_of(sqlite3_errstr(connection->code))),
        LOG_NUMBER("code", connection->code));
}

void sqlite_note(struct connection *connection, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    if (!sqlite_ok(connection)) return;
    connection->code = code;
    snprintf(connection->why, sizeof(connection->why), "%s", sqlite3_errmsg(connection->db));
}

void sqlite_script(struct connection *connection, const char *text)
{
    if (!sqlite_ok(connection)) return;
    sqlite_note(connection, sqlite3_exec(connection->db, text, NULL, NULL, NULL));
}

void sqlite_rollback(struct connection *connection)
{
    /* After some errors (disk full, I/O) SQLite has rolled back by itself. */
    if (sqlite3_get_autocommit(connection->db)) return;
    (void)sqlite3_exec(connection->db, sql_text(SQL_ROLLBACK), NULL, NULL, NULL);
}

enum err sqlite_err(const struct connection *connection)
{
    switch (connection->code & 0xff) {
    case SQLITE_OK: return ERR_OK;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_CANTOPEN: return ERR_UNAVAILABLE;
    default: return ERR_INTERNAL;
    }
}

enum err sqlite_fault(struct connection *connection)
{
    enum err err = sqlite_err(connection);
    bool known = false;
    if (err == ERR_UNAVAILABLE) known = atomic_exchange(&connection->away, true);
    if (!known) log_fault(connection);
    return err;
}

void sqlite_recovered(struct connection *connection)
{
    if (!atomic_load_explicit(&connection->away, memory_order_relaxed)) return;
    atomic_store(&connection->away, false);
    log_event(LOG_STORE_CONNECTED);
}

/* Replaces SQLite's own hook, which would checkpoint inside a commit. */
static int count_pages(void *context, sqlite3 *db, const char *schema, int pages)
{
    struct connection *connection = context;
    (void)db;
    (void)schema;
    connection->wal_pages = pages;
    return SQLITE_OK;
}

/* Runs a pragma that answers with one value, and requires that value. */
static void require(struct connection *connection, const char *pragma, const char *wanted)
{
    sqlite3_stmt *statement = NULL;
    if (!sqlite_ok(connection)) return;
    int code = sqlite3_prepare_v2(connection->db, pragma, -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    sqlite_note(connection, code);
    const char *got = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (sqlite_ok(connection) && (!got || strcmp(got, wanted) != 0)) {
        connection->code = SQLITE_CANTOPEN;
        snprintf(connection->why, sizeof(connection->why), "%s is %s, must be %s", pragma,
            got ? got : "unknown", wanted);
    }
    sqlite3_finalize(statement);
}

static void set_up_writer(struct connection *connection)
{
    require(connection, "pragma journal_mode = wal", "wal");
    sqlite_script(connection, writer_setup);
    require(connection, "pragma synchronous", "2");
    require(connection, "pragma foreign_keys", "1");
    sqlite3_wal_hook(connection->db, count_pages, connection);
}

static void set_up(struct connection *connection, enum connection_role role)
{
    sqlite3_extended_result_codes(connection->db, 1);
    sqlite3_busy_timeout(connection->db, STORE_WAIT_MS);
    sqlite3_db_config(connection->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_wal_autocheckpoint(connection->db, 0);
    if (role == CONNECTION_WRITER) {
        set_up_writer(connection);
    } else {
        sqlite_script(connection, reader_setup);
    }
}

struct connection *sqlite_connect(const char *path, enum connection_role role)
{
    int mode = role == CONNECTION_WRITER ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    struct connection *connection = memory_zeroed(sizeof(*connection));
    /* Its statistics would take a lock for every piece of memory; refused, harmlessly, once SQLite runs. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    /* NOMUTEX: a connection is never used by two threads at a time. */
    int code = sqlite3_open_v2(path, &connection->db, mode | SQLITE_OPEN_NOMUTEX, NULL);
    check(connection->db);
    sqlite_note(connection, code);
    if (sqlite_ok(connection)) set_up(connection, role);
    if (sqlite_ok(connection)) return connection;
    log_fault(connection);
    sqlite_disconnect(connection);
    return NULL;
}

void sqlite_disconnect(struct connection *connection)
{
    for (size_t i = 0; i < SQL_COUNT; i++) sqlite3_finalize(connection->statements[i]);
    for (size_t i = 0; i < SQL_LIST_COUNT; i++) {
        for (size_t j = 0; j < SQL_FILTER_SETS; j++) sqlite3_finalize(connection->lists[i][j]);
    }
    check(sqlite3_close(connection->db) == SQLITE_OK);
    free(connection);
}
