/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to the database file, with its prepared statements and a sticky mark for failures.
 *
 * One thread at a time. The first failure since sqlite_clear() stays in `code`, and statements run after it do nothing: a chain of
 * statements is written without tests between them and asked once, sqlite_ok(), at its end.
 */
#pragma once

#include <sqlite3.h>
#include <stdatomic.h>

#include "core/err.h"
#include "store/sqlite/sql.h"

enum connection_role { CONNECTION_WRITER, CONNECTION_READER };

struct connection {
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
    sqlite3_stmt *lists[SQL_LIST_COUNT][SQL_FILTER_SETS];
    int code; /* SQLite's extended code of the first failure, else SQLITE_OK */
    char why[160];
    int wal_pages;    /* in the write-ahead log after the last commit; the writer's */
    atomic_bool away; /* the last attempt met a full disk, an I/O error or the like */
};

/* NULL (logged) when the file cannot be opened or will not keep what it commits. The writer opens first: it sets up the log. */
struct connection *sqlite_connect(const char *path, enum connection_role role);
void sqlite_disconnect(struct connection *connection);

static inline bool sqlite_ok(const struct connection *connection)
{
    return connection->code == SQLITE_OK;
}

static inline void sqlite_clear(struct connection *connection)
{
    connection->code = SQLITE_OK;
}

/* Marks a failure, unless one is marked already; success codes mark nothing. */
void sqlite_note(struct connection *connection, int code);
/* Runs SQL text of ours without parameters or result. */
void sqlite_script(struct connection *connection, const char *text);
/* Ends a transaction that is open, whatever is marked. */
void sqlite_rollback(struct connection *connection);

/* What the marked failure means to the caller of the store: ERR_UNAVAILABLE when it is the surroundings' fault. */
enum err sqlite_err(const struct connection *connection);
/* Logs the marked failure (the surroundings' once per change) and returns sqlite_err(). */
enum err sqlite_fault(struct connection *connection);
/* The database answered: ends a state of being away. */
void sqlite_recovered(struct connection *connection);
