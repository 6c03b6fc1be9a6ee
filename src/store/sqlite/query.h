/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a prepared statement: parameters are put in order, rows are stepped through, columns are taken in order.
 *
 *   CLEANUP(query_close) struct query query = query_open(connection, SQL_REF_TAKEN);
 *   query_put_text(&query, ref);
 *   if (query_row(&query)) …
 *
 * Failures are marked at the connection (connection.h). What is put is borrowed until query_close().
 */
#pragma once

#include "core/arena.h"
#include "core/digest.h"
#include "core/uuid.h"
#include "store/sqlite/connection.h"

struct query {
    struct connection *connection;
    sqlite3_stmt *statement; /* NULL after a failure */
    int bound, column;
};

/* The statement is prepared at its first use and kept. */
struct query query_open(struct connection *connection, enum sql sql);
struct query query_open_list(struct connection *connection, enum sql_list list, unsigned filters);
void query_close(struct query *query);

void query_put_i64(struct query *query, int64_t value);
/* 0 becomes NULL. */
void query_put_time(struct query *query, int64_t value);
/* Absent becomes NULL. */
void query_put_text(struct query *query, struct slice text);
/* Bytes, kept as a blob; absent becomes NULL. */
void query_put_blob(struct query *query, struct slice bytes);
void query_put_uuid(struct query *query, const struct uuid *id);

/* True while there is a row; its columns are taken from the first on. */
bool query_row(struct query *query);
/* For a statement without rows: runs it. Returns the number of rows it changed. */
int64_t query_run(struct query *query);

/* NULL becomes 0, absent or all zero. */
int64_t query_take_i64(struct query *query);
struct slice query_take_text(struct query *query, struct arena *arena);
/* The same without a copy: valid until the next row. */
struct slice query_borrow_text(struct query *query);
struct slice query_take_blob(struct query *query, struct arena *arena);
struct uuid query_take_uuid(struct query *query);
/* Fills `out` when the column is a blob of just that length; false otherwise. */
bool query_take_bytes(struct query *query, void *out, size_t len);
