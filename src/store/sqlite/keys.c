/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency keys on SQLite: find, insert, purge.
 *
 * All run on the writer's thread inside its transaction, and there is one writer: between the look-up and the insert nobody else
 * can use the key. Limits: one purge deletes PURGE_MAX rows, so that it holds up the writes beside it for milliseconds.
 */
#include "store/sqlite/keys.h"

#include "core/check.h"
#include "store/sqlite/query.h"
#include "store/sqlite/transaction.h"

#define PURGE_MAX ((int64_t)STORE_BATCH_MAX * 8)

const struct stored_key *keys_find(
    struct connection *connection, const struct store_key *key, struct arena *arena)
{
    if (!key->present) return NULL;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_KEY_FIND);
    query_put_blob(&query, digest_slice(&key->id));
    if (!query_row(&query)) return NULL;
    struct stored_key *seen = arena_alloc(arena, sizeof(*seen));
    (void)query_take_bytes(&query, seen->fingerprint.bytes, DIGEST_LEN);
    seen->replay.status = (int)query_take_i64(&query);
    seen->replay.resource = query_take_uuid(&query);
    seen->replay.body = query_take_text(&query, arena);
    return seen;
}

void keys_insert(
    struct connection *connection, const struct store_key *key, const struct key_answer *answer)
{
    if (!key->present) return;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_KEY_INSERT);
    query_put_blob(&query, digest_slice(&key->id));
    query_put_blob(&query, digest_slice(&key->fingerprint));
    query_put_i64(&query, INTAKE_STATUS);
    query_put_uuid(&query, answer->resource);
    query_put_text(&query, answer->body);
    query_put_i64(&query, answer->created_at);
    query_run(&query);
}

enum err sqlite_keys_purge(struct transaction *transaction, struct store_op *base)
{
    struct store_keys_purge *op = CONTAINER_OF(base, struct store_keys_purge, base);
    CLEANUP(query_close)
    struct query query = query_open(transaction->connection, SQL_KEYS_PURGE);
    query_put_i64(&query, op->before);
    query_put_i64(&query, PURGE_MAX);
    op->deleted = query_run(&query);
    return ERR_OK;
}
