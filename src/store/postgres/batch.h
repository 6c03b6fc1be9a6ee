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

struct creates;

struct batch {
    /* Private to batch.c and batch_write.c. */
    struct creates *creates;
    enum batch_state state;
    struct flight flight;
    struct member *members;
    size_t count;
    size_t match_at; /* where the next returned id is expected */
    bool alone;      /* its one member shares a transaction with nobody */
    int64_t began_us;
};

void batch_init(struct batch *batch, struct creates *creates);
void batch_deinit(struct batch *batch);
/* Takes what waits and sends it, when it is not on its way and the connection is usable. */
void batch_go(struct batch *batch);
