/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PostgreSQL driver: opens the server's struct, starts the migrations, hands out links.
 *
 * Called by store.c; open, close and migrate on the main thread, ready and secret on any. The server's struct outlives all links.
 */
#include "obs/log.h"
#include "store/postgres/link.h"
#include "store/postgres/migrate.h"

static bool address_fine(const char *database)
{
    if (server_address_valid(database)) return true;
    log_write(LOG_STORE_FAULT, LOG_TEXT("why", SLICE("AGIZO_DATABASE is no valid address")));
    return false;
}

_Static_assert(offsetof(struct server, base) == 0, "server_of() only casts");

static const struct server *server_of(const struct store *store)
{
    return (const struct server *)(const void *)store;
}

static struct store *driver_open(const struct store_options *options)
{
    if (!address_fine(options->database)) return NULL;
    struct server *server = memory_zeroed(sizeof(*server));
    server->base.driver = postgres_driver();
    server->hooks = options->hooks;
    server->database = memory_text(options->database);
    server->migrator = migrator_start(server);
    return &server->base;
}

static void driver_close(struct store *store)
{
    struct server *server = CONTAINER_OF(store, struct server, base);
    migrator_stop(server->migrator);
    free(server->database);
    free(server);
}

static enum err driver_migrate(const struct store_options *options)
{
    struct digest secret;
    bool newer;
    if (!address_fine(options->database)) return ERR_UNAVAILABLE;
    return migrate_once(options->database, &secret, &newer);
}

static bool driver_ready(const struct store *store)
{
    const struct server *server = server_of(store);
    return atomic_load(&server->migrated) && atomic_load(&server->reachable);
}

static struct slice driver_secret(const struct store *store)
{
    const struct server *server = server_of(store);
    check(atomic_load(&server->migrated));
    return digest_slice(&server->secret);
}

const struct store_driver *postgres_driver(void)
{
    /* libpq knows both spellings of the scheme, "postgres://" and "postgresql://". */
    static const struct store_driver driver = {
        .scheme = {"postgres", sizeof("postgres") - 1},
        .open = driver_open,
        .close = driver_close,
        .migrate = driver_migrate,
        .ready = driver_ready,
        .secret = driver_secret,
        .link_new = link_new,
        .link_free = link_free,
        .submit = link_submit,
    };
    return &driver;
}
