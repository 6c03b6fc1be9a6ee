/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorts new creates into those that can be written at once and those whose customer has to be looked up first.
 *
 * A create of a customer needs no look: if its code is taken, the insert makes no row, and the second round says why. The same goes for
 * an Idempotency-Key that was used before.
 *
 * Runs on the loop thread of its connection; nothing here locks. Operations belong to their requests.
 */
#include "store/postgres/creates.h"

#include "store/postgres/batch_write.h"

void creates_init(struct creates *creates)
{
    backlog_init(&creates->ready, BACKLOG_UNSURE_MS);
    backlog_init(&creates->unseen, BACKLOG_UNSURE_MS);
    backlog_init(&creates->again, BACKLOG_UNSURE_MS);
    backlog_init(&creates->alone, BACKLOG_UNSURE_MS);
    creates->known = known_new();
    creates->turns = turns_new();
    for (size_t i = 0; i < CREATES_BATCHES; i++) batch_init(&creates->batches[i], creates);
}

void creates_deinit(struct creates *creates)
{
    for (size_t i = 0; i < CREATES_BATCHES; i++) batch_deinit(&creates->batches[i]);
    known_free(creates->known);
    turns_free(creates->turns);
}

static bool is_ready(const struct creates *creates, struct store_op *op)
{
    return op->verb == STORE_CUSTOMER_CREATE ||
           known_find(creates->known, order_create(op)->row.customer);
}

void creates_put(struct creates *creates, struct store_op *op)
{
    struct store_replay *replay =
        op->verb == STORE_ORDER_CREATE ? &order_create(op)->replay : &customer_create(op)->replay;
    *replay = (struct store_replay){0};
    backlog_put(is_ready(creates, op) ? &creates->ready : &creates->unseen, op);
}

void creates_go(struct creates *creates)
{
    for (size_t i = 0; i < CREATES_BATCHES; i++) batch_go(&creates->batches[i]);
}

size_t creates_waiting(const struct creates *creates)
{
    return creates->ready.count + creates->unseen.count + creates->again.count +
           creates->alone.count;
}

void creates_expire(struct creates *creates, int64_t now_ms)
{
    backlog_expire(&creates->alone, now_ms);
    backlog_expire(&creates->again, now_ms);
    backlog_expire(&creates->unseen, now_ms);
    backlog_expire(&creates->ready, now_ms);
}
