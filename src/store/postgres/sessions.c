/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions on PostgreSQL: each write is one flight, with its entry of the audit log.
 *
 * One whose connection broke may have been committed, and is sent again:
 *   create   makes nothing twice; and nothing anew when the audit log says that it was made, for it may have ended since
 *   touch    may be refused the lease that its own first try took: the session is then refreshed once that lease is over
 *   refresh  writes the same again
 *   end      finds nothing more to end; what the first try ended is known by its entry, and counts as one. A token that is known by then
 *            is taken for this operation's own
 *   purge    removes more
 *
 * Runs on the loop thread of its connection; see chores.c for how they get there and back.
 */
#include "store/postgres/sessions.h"

#include "store/postgres/audit.h"
#include "store/postgres/rows.h"

static void execute(struct connection *connection, enum statement statement)
{
    connection_execute(connection, statement_name(statement));
}

static void put_digest(struct params *params, const struct digest *digest)
{
    params_bytes(params, digest_slice(digest));
}

static void put_row(struct params *params, const struct session *row)
{
    put_digest(params, &row->id);
    params_bytes(params, row->issuer);
    params_bytes(params, row->subject);
    params_bytes(params, row->sid);
    params_bytes(params, row->name);
    params_bytes(params, row->client_id);
    params_bytes(params, row->customer_code);
    params_bool(params, row->is_customer);
    params_i64(params, row->permissions);
    params_bytes(params, row->tokens);
    params_time(params, row->created_at);
    params_time(params, row->seen_at);
    params_time(params, row->expires_at);
    params_time_or_null(params, row->refresh_at);
    params_bool(params, row->refreshable);
}

static void send_insert(struct connection *connection, const struct store_session_create *create)
{
    struct params *params = connection_params(connection);
    put_row(params, &create->row);
    if (create->base.tries) {
        params_uuid(params, &create->entry.id);
    } else {
        params_null(params);
    }
    execute(connection, STATEMENT_SESSION_INSERT);
}

void session_send_create(struct connection *connection, struct store_op *op)
{
    struct store_session_create *create = CONTAINER_OF(op, struct store_session_create, base);
    struct params *params = connection_params(connection);
    params_bytes(params, create->row.issuer);
    params_bytes(params, create->row.subject);
    execute(connection, STATEMENT_SESSION_PERSON);
    if (create->has_former) {
        put_digest(params, &create->former);
        execute(connection, STATEMENT_SESSION_REPLACE);
    }
    send_insert(connection, create);
    params_bytes(params, create->row.subject);
    params_bytes(params, create->row.issuer);
    put_digest(params, &create->row.id);
    params_i64(params, SESSIONS_PER_PERSON - 1);
    execute(connection, STATEMENT_SESSION_TRIM);
    audit_execute(connection, &create->entry);
}

enum err session_take_create(struct store_op *op, const PGresult *rows)
{
    (void)op;
    (void)rows;
    return ERR_OK;
}

void session_send_touch(struct connection *connection, struct store_op *op)
{
    struct store_session_touch *touch = CONTAINER_OF(op, struct store_session_touch, base);
    struct params *params = connection_params(connection);
    touch->leased = false;
    if (touch->lease_until > 0) {
        put_digest(params, &touch->id);
        params_time(params, touch->now);
        params_time(params, touch->lease_until);
        execute(connection, STATEMENT_SESSION_LEASE);
    }
    put_digest(params, &touch->id);
    params_time(params, touch->now);
    execute(connection, STATEMENT_SESSION_SEEN);
}

/* Only the lease answers a row. */
enum err session_take_touch(struct store_op *op, const PGresult *rows)
{
    if (PQntuples(rows)) CONTAINER_OF(op, struct store_session_touch, base)->leased = true;
    return ERR_OK;
}

void session_send_refresh(struct connection *connection, struct store_op *op)
{
    const struct session *row = &CONTAINER_OF(op, struct store_session_refresh, base)->row;
    struct params *params = connection_params(connection);
    put_digest(params, &row->id);
    params_bytes(params, row->tokens);
    params_i64(params, row->permissions);
    params_bool(params, row->is_customer);
    params_bytes(params, row->customer_code);
    params_time_or_null(params, row->refresh_at);
    params_bool(params, row->refreshable);
    params_bytes(params, row->name);
    params_bytes(params, row->sid);
    execute(connection, STATEMENT_SESSION_REFRESH);
}

enum err session_take_refresh(struct store_op *op, const PGresult *rows)
{
    (void)op;
    return PQntuples(rows) ? ERR_OK : ERR_NOT_FOUND;
}

static void put_token(struct params *params, const struct store_session_end *end)
{
    if (end->once) {
        put_digest(params, &end->token);
        params_time(params, end->token_until);
    } else {
        params_null(params);
        params_null(params);
    }
}

static enum statement put_match(struct params *params, const struct store_session_end *end)
{
    if (end->by_id) {
        put_digest(params, &end->id);
        return STATEMENT_SESSION_END_BY_ID;
    }
    if (slice_present(end->subject)) {
        params_bytes(params, end->subject);
        params_bytes(params, end->issuer);
        params_bytes(params, end->sid);
        return STATEMENT_SESSION_END_BY_PERSON;
    }
    check(slice_present(end->issuer) && slice_present(end->sid));
    params_bytes(params, end->issuer);
    params_bytes(params, end->sid);
    return STATEMENT_SESSION_END_BY_SID;
}

void session_send_end(struct connection *connection, struct store_op *op)
{
    const struct store_session_end *end = CONTAINER_OF(op, struct store_session_end, base);
    struct params *params = connection_params(connection);
    audit_put(params, &end->entry);
    put_token(params, end);
    params_bool(params, op->tries > 0);
    execute(connection, put_match(params, end));
}

enum err session_take_end(struct store_op *op, const PGresult *rows)
{
    struct store_session_end *end = CONTAINER_OF(op, struct store_session_end, base);
    struct row row = {.result = rows};
    end->ended = row_i64(&row);
    end->replayed = row_bool(&row) && op->tries == 0;
    end->foreign = row_bool(&row) && !end->replayed && end->ended == 0;
    return ERR_OK;
}

void sessions_send_purge(struct connection *connection, struct store_op *op)
{
    const struct store_sessions_purge *purge = CONTAINER_OF(op, struct store_sessions_purge, base);
    struct params *params = connection_params(connection);
    params_time(params, purge->now);
    params_time(params, purge->now - purge->idle_ms);
    params_i64(params, STORE_BATCH_MAX);
    execute(connection, STATEMENT_SESSIONS_PURGE);
}

enum err sessions_take_purge(struct store_op *op, const PGresult *rows)
{
    struct row row = {.result = rows};
    CONTAINER_OF(op, struct store_sessions_purge, base)->deleted = row_i64(&row);
    return ERR_OK;
}

void session_send_get(struct connection *connection, struct store_op *op)
{
    const struct store_session_get *get = CONTAINER_OF(op, struct store_session_get, base);
    struct params *params = connection_params(connection);
    put_digest(params, &get->id);
    params_time(params, get->now);
    params_time(params, get->now - get->idle_ms);
    execute(connection, STATEMENT_SESSION_GET);
}

static void take_row(struct row *row, struct session *out)
{
    out->issuer = row_text(row);
    out->subject = row_text(row);
    out->sid = row_text(row);
    out->name = row_text(row);
    out->client_id = row_text(row);
    out->customer_code = row_text(row);
    out->is_customer = row_bool(row);
    out->permissions = row_i64(row);
    out->tokens = row_text(row);
    out->created_at = row_time(row);
    out->seen_at = row_time(row);
    out->expires_at = row_time(row);
    out->refresh_at = row_time(row);
    out->refreshable = row_bool(row);
}

enum err session_take_get(struct store_op *op, const PGresult *rows)
{
    struct store_session_get *get = CONTAINER_OF(op, struct store_session_get, base);
    struct row row = {.result = rows, .arena = op->arena};
    if (PQntuples(rows) == 0) return ERR_NOT_FOUND;
    get->row.id = get->id;
    take_row(&row, &get->row);
    return ERR_OK;
}
