/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions on SQLite: create, get, touch, refresh, end, purge; and the logout tokens that were taken.
 *
 * There is one writer, so what a statement finds still holds at the next: nobody else makes a session, takes a lease or uses a token in
 * between. Gets run on a reader's thread, all others on the writer's, inside its transaction.
 * Limits: SESSIONS_PER_PERSON; one purge deletes STORE_BATCH_MAX sessions and as many tokens.
 */
#include "store/sqlite/sessions.h"

#include "core/check.h"
#include "store/session.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/query.h"
#include "store/sqlite/transaction.h"

static void take_row(struct query *query, struct arena *arena, struct session *out)
{
    out->issuer = query_take_text(query, arena);
    out->subject = query_take_text(query, arena);
    out->sid = query_take_text(query, arena);
    out->name = query_take_text(query, arena);
    out->client_id = query_take_text(query, arena);
    out->customer_code = query_take_text(query, arena);
    out->is_customer = query_take_i64(query) != 0;
    out->permissions = query_take_i64(query);
    out->tokens = query_take_blob(query, arena);
    out->created_at = query_take_i64(query);
    out->seen_at = query_take_i64(query);
    out->expires_at = query_take_i64(query);
    out->refresh_at = query_take_i64(query);
    out->refreshable = query_take_i64(query) != 0;
}

enum err sqlite_session_get(struct connection *connection, struct store_op *base)
{
    struct store_session_get *op = CONTAINER_OF(base, struct store_session_get, base);
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SESSION_GET);
    query_put_blob(&query, digest_slice(&op->id));
    query_put_i64(&query, op->now);
    query_put_i64(&query, op->now - op->idle_ms);
    if (!query_row(&query)) return ERR_NOT_FOUND;
    op->row.id = op->id;
    take_row(&query, base->arena, &op->row);
    return ERR_OK;
}

static int64_t end_by_id(struct connection *connection, const struct digest *id)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SESSION_END_BY_ID);
    query_put_blob(&query, digest_slice(id));
    return query_run(&query);
}

static void insert(struct connection *connection, const struct session *row)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SESSION_INSERT);
    query_put_blob(&query, digest_slice(&row->id));
    query_put_text(&query, row->issuer);
    query_put_text(&query, row->subject);
    query_put_text(&query, row->sid);
    query_put_text(&query, row->name);
    query_put_text(&query, row->client_id);
    query_put_text(&query, row->customer_code);
    query_put_i64(&query, row->is_customer);
    query_put_i64(&query, row->permissions);
    query_put_blob(&query, row->tokens);
    query_put_i64(&query, row->created_at);
    query_put_i64(&query, row->seen_at);
    query_put_i64(&query, row->expires_at);
    query_put_time(&query, row->refresh_at);
    query_put_i64(&query, row->refreshable);
    query_run(&query);
}

/* Makes room for the new session among those of its person. */
static void trim(struct connection *connection, const struct session *row)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SESSION_TRIM);
    query_put_text(&query, row->subject);
    query_put_text(&query, row->issuer);
    query_put_blob(&query, digest_slice(&row->id));
    query_put_i64(&query, SESSIONS_PER_PERSON - 1);
    query_run(&query);
}

enum err sqlite_session_create(struct transaction *transaction, struct store_op *base)
{
    struct store_session_create *op = CONTAINER_OF(base, struct store_session_create, base);
    struct connection *connection = transaction->connection;
    if (op->has_former) (void)end_by_id(connection, &op->former);
    insert(connection, &op->row);
    trim(connection, &op->row);
    audit_insert(connection, &op->entry);
    return ERR_OK;
}

static bool lease(struct connection *connection, const struct store_session_touch *op)
{
    if (op->lease_until <= 0) return false;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SESSION_LEASE);
    query_put_blob(&query, digest_slice(&op->id));
    query_put_i64(&query, op->now);
    query_put_i64(&query, op->lease_until);
    return query_run(&query) > 0;
}

enum err sqlite_session_touch(struct transaction *transaction, struct store_op *base)
{
    struct store_session_touch *op = CONTAINER_OF(base, struct store_session_touch, base);
    op->leased = lease(transaction->connection, op);
    CLEANUP(query_close)
    struct query query = query_open(transaction->connection, SQL_SESSION_SEEN);
    query_put_blob(&query, digest_slice(&op->id));
    query_put_i64(&query, op->now);
    query_run(&query);
    return ERR_OK;
}

enum err sqlite_session_refresh(struct transaction *transaction, struct store_op *base)
{
    const struct session *row = &CONTAINER_OF(base, struct store_session_refresh, base)->row;
    CLEANUP(query_close)
    struct query query = query_open(transaction->connection, SQL_SESSION_REFRESH);
    query_put_blob(&query, row->tokens);
    query_put_i64(&query, row->permissions);
    query_put_i64(&query, row->is_customer);
    query_put_text(&query, row->customer_code);
    query_put_time(&query, row->refresh_at);
    query_put_i64(&query, row->refreshable);
    query_put_text(&query, row->name);
    query_put_text(&query, row->sid);
    query_put_blob(&query, digest_slice(&row->id));
    return query_run(&query) > 0 ? ERR_OK : ERR_NOT_FOUND;
}

/* False when the token was taken before. */
static bool take_token(struct connection *connection, const struct store_session_end *op)
{
    if (!op->once) return true;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_LOGOUT_TOKEN_INSERT);
    query_put_blob(&query, digest_slice(&op->token));
    query_put_i64(&query, op->token_until);
    return query_run(&query) > 0;
}

static int64_t end_by_sid(struct connection *connection, const struct store_session_end *op)
{
    check(slice_present(op->issuer) && slice_present(op->sid));
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SESSION_END_BY_SID);
    query_put_text(&query, op->issuer);
    query_put_text(&query, op->sid);
    return query_run(&query);
}

static int64_t end_by_person(struct connection *connection, const struct store_session_end *op)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SESSION_END_BY_PERSON);
    query_put_text(&query, op->subject);
    query_put_text(&query, op->issuer);
    query_put_text(&query, op->sid);
    return query_run(&query);
}

static int64_t end(struct connection *connection, const struct store_session_end *op)
{
    if (op->by_id) return end_by_id(connection, &op->id);
    return slice_present(op->subject) ? end_by_person(connection, op) : end_by_sid(connection, op);
}

/* Whether the session that the provider names is another person's. */
static bool is_foreign(struct connection *connection, const struct store_session_end *op)
{
    if (!slice_present(op->subject) || !slice_present(op->sid)) return false;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SESSION_FOREIGN);
    query_put_text(&query, op->issuer);
    query_put_text(&query, op->sid);
    query_put_text(&query, op->subject);
    return query_row(&query);
}

enum err sqlite_session_end(struct transaction *transaction, struct store_op *base)
{
    struct store_session_end *op = CONTAINER_OF(base, struct store_session_end, base);
    struct connection *connection = transaction->connection;
    op->replayed = !take_token(connection, op);
    op->ended = op->replayed ? 0 : end(connection, op);
    op->foreign = !op->replayed && !op->ended && is_foreign(connection, op);
    if (op->ended) audit_insert(connection, &op->entry);
    return ERR_OK;
}

/* Deletes what has its time at or before `until`; returns how many. */
static int64_t purge(struct connection *connection, enum sql sql, int64_t until, int64_t limit)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, sql);
    query_put_i64(&query, until);
    query_put_i64(&query, limit);
    return query_run(&query);
}

enum err sqlite_sessions_purge(struct transaction *transaction, struct store_op *base)
{
    struct store_sessions_purge *op = CONTAINER_OF(base, struct store_sessions_purge, base);
    struct connection *connection = transaction->connection;
    int64_t late = purge(connection, SQL_SESSIONS_PURGE_LATE, op->now, STORE_BATCH_MAX);
    int64_t idle =
        purge(connection, SQL_SESSIONS_PURGE_IDLE, op->now - op->idle_ms, STORE_BATCH_MAX - late);
    int64_t tokens = purge(connection, SQL_LOGOUT_TOKENS_PURGE, op->now, STORE_BATCH_MAX);
    op->deleted = late + idle + tokens;
    return ERR_OK;
}
