/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group commit of creates: what gathers while one transaction is on its way leaves as the next.
 */
#pragma once

#include "store/postgres/backlog.h"
#include "store/postgres/connection.h"

/* Nothing is out, the members are being looked up, or they are being written. */
enum batch_state { BATCH_IDLE, BATCH_RESOLVING, BATCH_WRITING };

struct member {
    struct store_op *op;
    struct slice answer;      /* stored with the key */
    int64_t customer_version; /* that the message was composed for */
    bool made;
};

struct batch {
    struct connection *connection;
    const struct store_hooks *hooks;
    /* Private from here. */
    enum batch_state state;
    struct flight flight;
    struct backlog fresh, again, alone; /* new · to be tried again · to be tried one by one */
    struct member *members;
    size_t count;
    size_t match_at; /* where the next returned id is expected */
    int64_t began_us;
};

/* The fields above "private" are set by the caller. */
void batch_init(struct batch *batch);
void batch_deinit(struct batch *batch);
/* Takes a create; it leaves with the next batch_go(). */
void batch_put(struct batch *batch, struct store_op *op);
/* Sends the next batch when none is out and the connection is usable. */
void batch_go(struct batch *batch);
/* Answers those that have waited too long. */
void batch_expire(struct batch *batch, int64_t now_ms);
size_t batch_waiting(const struct batch *batch);
