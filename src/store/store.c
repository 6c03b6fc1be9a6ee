/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the driver by the database's scheme, and passes everything on to it.
 *
 * Links belong to one loop each; the store to the process. No SQL and no rule of the domain lives here.
 */
#include "store/store.h"

#include "obs/log.h"
#include "store/driver.h"

static const struct store_driver *driver_of(const char *database)
{
    const struct store_driver *drivers[] = {sqlite_driver(), postgres_driver()};
    for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
        if (slice_starts(slice_of(database), drivers[i]->scheme)) return drivers[i];
    }
    /* The value may hold a password. */
    log_write(LOG_SERVICE_FAILED, LOG_TEXT("setting", SLICE("AGIZO_DATABASE")),
        LOG_TEXT("why", SLICE("must begin with sqlite: or postgres://")));
    return NULL;
}

struct store *store_open(const struct store_options *options)
{
    const struct store_driver *driver = driver_of(options->database);
    return driver ? driver->open(options) : NULL;
}

void store_close(struct store *store)
{
    store->driver->close(store);
}

enum err store_migrate(const struct store_options *options)
{
    const struct store_driver *driver = driver_of(options->database);
    return driver ? driver->migrate(options) : ERR_UNAVAILABLE;
}

bool store_ready(const struct store *store)
{
    return store->driver->ready(store);
}

struct slice store_secret(const struct store *store)
{
    return store->driver->secret(store);
}

struct store_link *store_link_new(struct store *store, struct loop *loop)
{
    struct store_link *link = store->driver->link_new(store, loop);
    link->driver = store->driver;
    link->loop = loop;
    return link;
}

void store_link_free(struct store_link *link)
{
    link->driver->link_free(link);
}

void store_submit(struct store_link *link, struct store_op *op, op_fn *done)
{
    check(op->verb < STORE_VERB_COUNT && op->arena);
    op_start(&op->op, link->loop, done);
    op->tries = 0;
    link->driver->submit(link, op);
}
