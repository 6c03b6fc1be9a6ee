/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store in domain words: what can be asked of it, on SQLite and on PostgreSQL alike.
 *
 * One `struct store` per process; every loop that asks has its own `struct store_link`. A request to the store is a struct that
 * embeds `struct store_op`; the caller fills the inputs, calls store_submit(), and finds the outputs in the same struct when
 * `done` runs on the link's loop. In between the struct, its inputs and its arena belong to the store (SQLite's threads write into
 * them). Writes of one moment share one transaction (group commit); each still gets its own answer.
 *
 * Errors of every operation: ERR_BUSY (past a bound, at once), ERR_UNAVAILABLE (the database cannot be reached in time, is not
 * migrated yet, or refuses writes), ERR_INTERNAL (a fault, logged where it arose). Others are named at the struct.
 */
#pragma once

#include "store/delivery.h"
#include "store/operation.h"
#include "store/outbox.h"
#include "store/page.h"
#include "store/suppression.h"
#include "store/template.h"

/* Members of one transaction. */
#define STORE_BATCH_MAX 512
/* Operations that may wait on one link (PostgreSQL) or for one of SQLite's threads; past it ERR_BUSY. */
#define STORE_QUEUE_MAX 4096
/* An operation that found no connection, or none that was free, is answered with ERR_UNAVAILABLE after this long. */
#define STORE_WAIT_MS 2000

struct store;
struct store_link;

/* What the layers above lend to the store. All are called on the store's threads or loops, must not block, and keep no state. */
struct store_hooks {
    void *context;
    /* Composes the message of a new order: to, body, encoding, parts, state (queued or skipped), failure, due_at, expires_at.
     * Called inside the transaction that writes both. Texts go into the arena. */
    void (*compose)(void *context, const struct customer *customer, const struct order *order,
        struct arena *arena, struct message *out);
    /* The API's answers, as they are stored beside an idempotency key. */
    struct slice (*render_customer)(const struct customer *row, struct arena *arena);
    struct slice (*render_order)(const struct order *row, struct arena *arena);
    /* Messages were queued by a commit of this process. Any thread. */
    void (*queued)(void *context);
};

struct store_options {
    const char *database; /* "sqlite:PATH" or "postgres://…" */
    struct store_hooks hooks;
};

/* Opens the store and starts what it needs; NULL (logged) for a setting that can never work. A database that is merely away is
 * retried in the background: see store_ready(). */
struct store *store_open(const struct store_options *options);
/* After every link is freed. */
void store_close(struct store *store);
/* Applies the migrations now, synchronously, under the database's lock. ERR_UNAVAILABLE (logged) when it cannot. */
MUST_CHECK enum err store_migrate(const struct store_options *options);
/* Connected at least once and migrated; and the last attempt to reach the database succeeded. Any thread. */
bool store_ready(const struct store *store);
/* 32 random bytes shared by all copies of the service on this database, for authenticating cursors. Only once store_ready(). */
struct slice store_secret(const struct store *store);

struct store_link *store_link_new(struct store *store, struct loop *loop);
/* Only when no operation is pending on it. */
void store_link_free(struct store_link *link);

/* Starts the operation; verb, arena and inputs are set. */
void store_submit(struct store_link *link, struct store_op *op, op_fn *done);
