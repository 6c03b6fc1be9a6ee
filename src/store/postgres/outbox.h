/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher's operations and the purge of old keys: each one transaction of its own, on the write connection.
 */
#pragma once

#include "store/postgres/backlog.h"
#include "store/postgres/connection.h"

struct outbox {
    struct connection *connection;
    struct backlog backlog;
    size_t out; /* transactions on their way */
};

/* `connection` is set by the caller. */
void outbox_init(struct outbox *outbox);
/* Takes a claim, settle, sweep or purge; it leaves with the next outbox_go(). */
void outbox_put(struct outbox *outbox, struct store_op *op);
void outbox_go(struct outbox *outbox);
