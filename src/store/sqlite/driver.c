/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store on an embedded SQLite file: opens it, and hands operations to its threads.
 *
 *   loops ──submit──> queue ──> writer thread  (all that changes something; one transaction per batch)
 *                 └─> queue ──> reader threads (gets, lists)
 * Opening locks the file, migrates it and reads the secret before it returns, which takes milliseconds: the store is ready at
 * once. A process that is to share its database with others uses PostgreSQL.
 *
 * Opened and closed by the boot thread; links belong to their loops, but have nothing of their own here.
 */
#include <stdlib.h>
#include <unistd.h>

#include "core/check.h"
#include "core/digest.h"
#include "core/random.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "store/driver.h"
#include "store/sqlite/file.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/query.h"
#include "store/sqlite/readers.h"
#include "store/sqlite/reads.h"
#include "store/sqlite/writer.h"

#define SCHEME "sqlite:"

struct sqlite_store {
    struct store head;
    struct store_hooks hooks;
    struct digest secret; /* random bytes of a digest's size */
    struct writer *writer;
    struct readers *readers;
    int lock_fd;
};

struct sqlite_link {
    struct store_link head;
    struct sqlite_store *store;
};

static const char *path_of(const struct store_options *options)
{
    return options->database + sizeof(SCHEME) - 1;
}

static struct slice queue_label(unsigned value)
{
    static const struct slice names[] = {{"writer", 6}, {"readers", 7}};
    return value < ARRAY_LEN(names) ? names[value] : slice_absent();
}

/* The secret of the database, made at the first start. */
static bool read_secret(struct connection *connection, struct digest *secret)
{
    struct digest fresh;
    random_fill(fresh.bytes, sizeof(fresh.bytes));
    CLEANUP(query_close)
    struct query insert = query_open(connection, SQL_SECRET_INSERT);
    query_put_text(&insert, SLICE("cursor"));
    query_put_blob(&insert, digest_slice(&fresh));
    query_run(&insert);
    CLEANUP(query_close)
    struct query get = query_open(connection, SQL_SECRET_GET);
    query_put_text(&get, SLICE("cursor"));
    return query_row(&get) && query_take_bytes(&get, secret->bytes, sizeof(secret->bytes));
}

/* NULL (logged) unless the file is there, migrated and readable. */
static struct connection *open_migrated(const char *path)
{
    struct connection *connection = sqlite_connect(path, CONNECTION_WRITER);
    if (!connection) return NULL;
    if (sqlite_migrate(connection) == ERR_OK) return connection;
    sqlite_disconnect(connection);
    return NULL;
}

static bool start(struct sqlite_store *store, const char *path)
{
    struct connection *connection = open_migrated(path);
    if (!connection) return false;
    if (!read_secret(connection, &store->secret)) {
        if (!sqlite_ok(connection)) (void)sqlite_fault(connection);
        sqlite_disconnect(connection);
        return false;
    }
    store->readers = readers_start(path);
    if (!store->readers) {
        sqlite_disconnect(connection);
        return false;
    }
    store->writer = writer_start(connection, &store->hooks);
    return true;
}

static struct store *open_store(const struct store_options *options)
{
    const char *path = path_of(options);
    int lock_fd = file_take(path);
    if (lock_fd < 0) return NULL;
    struct sqlite_store *store = memory_zeroed(sizeof(*store));
    store->head.driver = sqlite_driver();
    store->hooks = options->hooks;
    store->lock_fd = lock_fd;
    if (!start(store, path)) {
        close(lock_fd);
        free(store);
        return NULL;
    }
    metrics_label("link", queue_label);
    return &store->head;
}

static void close_store(struct store *head)
{
    struct sqlite_store *store = CONTAINER_OF(head, struct sqlite_store, head);
    readers_stop(store->readers);
    /* The last connection to close folds the log into the file. */
    writer_stop(store->writer);
    close(store->lock_fd);
    free(store);
}

static enum err migrate(const struct store_options *options)
{
    int lock_fd = file_take(path_of(options));
    if (lock_fd < 0) return ERR_UNAVAILABLE;
    struct connection *connection = open_migrated(path_of(options));
    if (connection) sqlite_disconnect(connection);
    close(lock_fd);
    return connection ? ERR_OK : ERR_UNAVAILABLE;
}

static bool ready(const struct store *head)
{
    const struct sqlite_store *store = (const struct sqlite_store *)head;
    return writer_healthy(store->writer);
}

static struct slice secret(const struct store *head)
{
    const struct sqlite_store *store = (const struct sqlite_store *)head;
    return digest_slice(&store->secret);
}

static struct store_link *link_new(struct store *store, struct loop *loop)
{
    struct sqlite_link *link = memory_zeroed(sizeof(*link));
    link->head.loop = loop;
    link->store = CONTAINER_OF(store, struct sqlite_store, head);
    return &link->head;
}

static void link_free(struct store_link *head)
{
    free(CONTAINER_OF(head, struct sqlite_link, head));
}

static void submit(struct store_link *head, struct store_op *op)
{
    struct sqlite_store *store = CONTAINER_OF(head, struct sqlite_link, head)->store;
    bool taken =
        sqlite_reads(op->verb) ? readers_push(store->readers, op) : writer_push(store->writer, op);
    if (!taken) op_complete(&op->op, ERR_BUSY);
}

const struct store_driver *sqlite_driver(void)
{
    static const struct store_driver driver = {
        .scheme = {SCHEME, sizeof(SCHEME) - 1},
        .open = open_store,
        .close = close_store,
        .migrate = migrate,
        .ready = ready,
        .secret = secret,
        .link_new = link_new,
        .link_free = link_free,
        .submit = submit,
    };
    return &driver;
}
