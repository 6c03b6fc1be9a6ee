/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gets and lists on the read connection: those of one turn of the loop leave together.
 */
#pragma once

#include "store/postgres/backlog.h"
#include "store/postgres/connection.h"

struct reads {
    struct connection *connection;
    struct backlog backlog;
    size_t groups; /* on their way */
    size_t out;    /* operations on their way */
};

/* `connection` is set by the caller. */
void reads_init(struct reads *reads);
/* Takes a get or list; it leaves with the next reads_go(). */
void reads_put(struct reads *reads, struct store_op *op);
void reads_go(struct reads *reads);
