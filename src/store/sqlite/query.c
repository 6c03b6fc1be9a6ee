/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding, stepping and reading of prepared statements.
 *
 * Nothing here looks at results but query_row(): after a failure the statement is NULL or the connection marked, and every further
 * call does nothing. Runs on the connection's thread. The caller's bytes are bound without a copy (SQLITE_STATIC), since they
 * outlive the query; texts that are read are copied into the caller's arena.
 */
#include "store/sqlite/query.h"

#include "core/check.h"

/* Bytes of the longest statement. */
#define TEXT_MAX 4096

static void prepare(struct connection *connection, const char *text, sqlite3_stmt **slot)
{
    if (*slot || !sqlite_ok(connection)) return;
    int code = sqlite3_prepare_v3(connection->db, text, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
    sqlite_note(connection, code);
}

struct query query_open(struct connection *connection, enum sql sql)
{
    prepare(connection, sql_text(sql), &connection->statements[sql]);
    return (struct query){.connection = connection, .statement = connection->statements[sql]};
}

struct query query_open_list(struct connection *connection, enum sql_list list, unsigned filters)
{
    sqlite3_stmt **slot = &connection->lists[list][filters];
    if (!*slot) {
        CLEANUP(buf_deinit)
        struct buf text;
        buf_init(&text, TEXT_MAX);
        sql_list_put(list, filters, &text);
        check(buf_ok(&text));
        prepare(connection, text.ptr, slot);
    }
    return (struct query){.connection = connection, .statement = *slot};
}

void query_close(struct query *query)
{
    if (!query->statement) return;
    /* Its result repeats the failure of the last step, which is marked already. */
    (void)sqlite3_reset(query->statement);
    (void)sqlite3_clear_bindings(query->statement);
}

void query_put_i64(struct query *query, int64_t value)
{
    if (!query->statement) return;
    sqlite_note(query->connection, sqlite3_bind_int64(query->statement, ++query->bound, value));
}

static void put_null(struct query *query)
{
    if (!query->statement) return;
    sqlite_note(query->connection, sqlite3_bind_null(query->statement, ++query->bound));
}

void query_put_time(struct query *query, int64_t value)
{
    if (value) {
        query_put_i64(query, value);
    } else {
        put_null(query);
    }
}

void query_put_text(struct query *query, struct slice text)
{
    if (!query->statement) return;
    int code = sqlite3_bind_text64(
        query->statement, ++query->bound, text.ptr, text.len, SQLITE_STATIC, SQLITE_UTF8);
    sqlite_note(query->connection, code);
}

void query_put_blob(struct query *query, struct slice bytes)
{
    if (!query->statement) return;
    int code =
        sqlite3_bind_blob64(query->statement, ++query->bound, bytes.ptr, bytes.len, SQLITE_STATIC);
    sqlite_note(query->connection, code);
}

void query_put_uuid(struct query *query, const struct uuid *id)
{
    query_put_blob(query, (struct slice){(const char *)id->bytes, sizeof(id->bytes)});
}

bool query_row(struct query *query)
{
    if (!query->statement || !sqlite_ok(query->connection)) return false;
    int code = sqlite3_step(query->statement);
    sqlite_note(query->connection, code);
    query->column = 0;
    return code == SQLITE_ROW;
}

int64_t query_run(struct query *query)
{
    (void)query_row(query);
    return sqlite_ok(query->connection) ? sqlite3_changes64(query->connection->db) : 0;
}

int64_t query_take_i64(struct query *query)
{
    return sqlite3_column_int64(query->statement, query->column++);
}

struct slice query_borrow_text(struct query *query)
{
    int column = query->column++;
    const char *text = (const char *)sqlite3_column_text(query->statement, column);
    return (struct slice){text, (size_t)sqlite3_column_bytes(query->statement, column)};
}

struct slice query_take_text(struct query *query, struct arena *arena)
{
    return arena_copy(arena, query_borrow_text(query));
}

struct slice query_take_blob(struct query *query, struct arena *arena)
{
    int column = query->column++;
    const char *bytes = sqlite3_column_blob(query->statement, column);
    return arena_copy(
        arena, (struct slice){bytes, (size_t)sqlite3_column_bytes(query->statement, column)});
}

bool query_take_bytes(struct query *query, void *out, size_t len)
{
    int column = query->column++;
    const void *bytes = sqlite3_column_blob(query->statement, column);
    if (!bytes || (size_t)sqlite3_column_bytes(query->statement, column) != len) return false;
    memcpy(out, bytes, len);
    return true;
}

struct uuid query_take_uuid(struct query *query)
{
    struct uuid id = {0};
    (void)query_take_bytes(query, id.bytes, sizeof(id.bytes));
    return id;
}
