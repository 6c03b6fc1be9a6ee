/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements of a batch: turns its members into arrays of parameters.
 */
#pragma once

#include "store/postgres/batch.h"

/* Queues RESOLVE for all members. */
void batch_put_resolve(struct batch *batch);
/* Queues the inserts of all members, with their keys and messages. */
void batch_put_writes(struct batch *batch);
/* The code of the customer: its own, or its order's. */
struct slice create_code(struct store_op *op);

static inline struct store_customer_create *customer_create(struct store_op *op)
{
    return CONTAINER_OF(op, struct store_customer_create, base);
}

static inline struct store_order_create *order_create(struct store_op *op)
{
    return CONTAINER_OF(op, struct store_order_create, base);
}

static inline const struct store_key *create_key(struct store_op *op)
{
    return op->verb == STORE_ORDER_CREATE ? &order_create(op)->key : &customer_create(op)->key;
}

static inline const struct uuid *create_id(struct store_op *op)
{
    return op->verb == STORE_ORDER_CREATE ? &order_create(op)->row.id
                                          : &customer_create(op)->row.id;
}
