/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store driver (postgres/, sqlite/) provides. Only store.c calls these.
 */
#pragma once

#include "store/store.h"

struct store_driver {
    struct slice scheme; /* "sqlite:" … the start of AGIZO_DATABASE */
    /* The same contracts as the functions of store.h. */
    struct store *(*open)(const struct store_options *options);
    void (*close)(struct store *store);
    enum err (*migrate)(const struct store_options *options);
    bool (*ready)(const struct store *store);
    struct slice (*secret)(const struct store *store);
    struct store_link *(*link_new)(struct store *store, struct loop *loop);
    void (*link_free)(struct store_link *link);
    /* op_start() was done; the driver answers with op_complete(). */
    void (*submit)(struct store_link *link, struct store_op *op);
};

/* The head of every driver's own structs, so that store.c finds the driver. */
struct store {
    const struct store_driver *driver;
};
struct store_link {
    const struct store_driver *driver;
    struct loop *loop;
};

const struct store_driver *postgres_driver(void);
const struct store_driver *sqlite_driver(void);
