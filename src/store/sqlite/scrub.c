/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Empties the bodies of old messages on SQLite.
 *
 * Messages are gone through in the order in which they were made, WINDOW_LEN at a time. The mark in sms_control is the place before which
 * no message has a body any more, so none is looked at for ever; one that is still queued or on its way holds the mark back until it is
 * over, and those behind it are looked at again meanwhile. As what is resent must have a body, nothing before the mark is ever sent.
 *
 * Runs on the writer's thread, inside its transaction.
 */
#include "core/check.h"
#include "store/sqlite/query.h"
#include "store/sqlite/transaction.h"

#define WINDOW_LEN ((int64_t)STORE_BATCH_MAX * 8)

static void put_place(struct query *query, const struct store_place *place)
{
    query_put_i64(query, place->at);
    query_put_uuid(query, &place->id);
}

/* The place that the query finds, or else `otherwise`. */
static struct store_place take_place(struct query *query, struct store_place otherwise)
{
    if (!query_row(query)) return otherwise;
    otherwise.at = query_take_i64(query);
    otherwise.id = query_take_uuid(query);
    return otherwise;
}

static struct store_place find_mark(struct connection *connection)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SCRUB_MARK);
    return take_place(&query, (struct store_place){0});
}

/* Behind the last message of the window. No id is below the all-zero one: (before, zero) is just "before". */
static struct store_place find_end(
    struct connection *connection, const struct store_place *mark, int64_t before)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SCRUB_END);
    put_place(&query, mark);
    query_put_i64(&query, before);
    query_put_i64(&query, WINDOW_LEN);
    return take_place(&query, (struct store_place){.at = before});
}

/* The first message of the window that still needs its body, or the window's end. */
static struct store_place find_alive(
    struct connection *connection, const struct store_place *mark, const struct store_place *end)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SCRUB_ALIVE);
    put_place(&query, mark);
    put_place(&query, end);
    return take_place(&query, *end);
}

static void move_mark(struct connection *connection, const struct store_place *to)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SCRUB_MOVE);
    put_place(&query, to);
    query_run(&query);
}

enum err sqlite_messages_scrub(struct transaction *transaction, struct store_op *base)
{
    struct store_messages_scrub *op = CONTAINER_OF(base, struct store_messages_scrub, base);
    struct connection *connection = transaction->connection;
    struct store_place mark = find_mark(connection);
    struct store_place end = find_end(connection, &mark, op->before);
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_SCRUB);
    put_place(&query, &mark);
    put_place(&query, &end);
    op->scrubbed = query_run(&query);
    struct store_place alive = find_alive(connection, &mark, &end);
    move_mark(connection, &alive);
    return ERR_OK;
}
