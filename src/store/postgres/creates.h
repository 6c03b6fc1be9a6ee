/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The creates of one link: what waits, and the batches that carry it.
 */
#pragma once

#include "store/postgres/batch.h"
#include "store/postgres/known.h"
#include "store/turns.h"

/* While the server writes one batch, the next is made and sent behind it. */
#define CREATES_BATCHES 2

struct creates {
    struct connection *connection;
    const struct store_hooks *hooks;
    /* Private from here, to this file and batch.c. */
    struct backlog ready;  /* new, and nothing has to be looked up */
    struct backlog unseen; /* new, of customers that are not known */
    struct backlog again;  /* to be tried again */
    struct backlog alone;  /* to be tried one by one */
    struct known *known;
    struct turns *turns;
    struct batch batches[CREATES_BATCHES];
};

/* The fields above "private" are set by the caller. */
void creates_init(struct creates *creates);
void creates_deinit(struct creates *creates);
/* Takes a create; it leaves with the next creates_go(). */
void creates_put(struct creates *creates, struct store_op *op);
/* Sends batches while one is free, something waits and the connection is usable. */
void creates_go(struct creates *creates);
/* Answers those that have waited too long. */
void creates_expire(struct creates *creates, int64_t now_ms);
size_t creates_waiting(const struct creates *creates);
