/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes that are a transaction each, on the write connection: all but the creates of customers and orders.
 */
#pragma once

#include "store/postgres/backlog.h"
#include "store/postgres/connection.h"

struct chores {
    struct connection *connection;
    const struct store_hooks *hooks;
    const char *name; /* in the log */
    struct backlog backlog;
    size_t out; /* transactions on their way */
};

/* Adds the operation's statements to the flight that is being built. With `tries` in the operation its connection broke before: an
 * earlier try may have been committed. */
typedef void chore_send_fn(struct connection *connection, struct store_op *op);
/* The rows of one of those statements. An answer other than ERR_OK becomes the operation's. */
typedef enum err chore_rows_fn(struct store_op *op, const PGresult *rows);

/* `connection` and `hooks` are set by the caller. What may have been committed is asked about for `unsure_ms`. */
void chores_init(struct chores *chores, const char *name, int64_t unsure_ms);
/* Takes an operation; it leaves with the next chores_go(). */
void chores_put(struct chores *chores, struct store_op *op);
void chores_go(struct chores *chores);
