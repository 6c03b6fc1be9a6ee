/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sample operations for a store under test, and assertions on what comes back.
 */
#pragma once

#include "sample.h"

static void assert_id(struct uuid actual, struct uuid expected)
{
    assert_memory_equal(actual.bytes, expected.bytes, sizeof(actual.bytes));
}

static struct store_customer_create *new_customer(struct fixture *fixture, const char *code)
{
    struct store_customer_create *op = make(fixture, STORE_CUSTOMER_CREATE, sizeof(*op));
    op->row = (struct customer){.id = uuid_new(),
        .code = slice_of(code),
        .name = SLICE("Sample"),
        .phone = SLICE("+254700000001"),
        .version = 1,
        .created_at = NOW,
        .updated_at = NOW};
    return op;
}

static struct store_order_create *new_order(struct fixture *fixture, const char *customer)
{
    struct store_order_create *op = make(fixture, STORE_ORDER_CREATE, sizeof(*op));
    op->row = (struct order){.id = uuid_new(),
        .customer = slice_of(customer),
        .item = SLICE("Maize, 2 bags"),
        .amount_minor = 125050,
        .currency = SLICE("KES"),
        .time = NOW,
        .created_by = SLICE("tester"),
        .version = 1,
        .created_at = NOW,
        .updated_at = NOW};
    op->message.id = uuid_new();
    return op;
}

static void add_customer(struct fixture *fixture, const char *code)
{
    assert_int_equal(run(fixture, &new_customer(fixture, code)->base), ERR_OK);
}

/* An order made and due at `time`; returns the id of its message. */
static struct uuid add_order(struct fixture *fixture, const char *customer, int64_t time)
{
    struct store_order_create *op = new_order(fixture, customer);
    op->row.time = op->row.created_at = op->row.updated_at = time;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op->message.id;
}

static struct store_get *get(struct fixture *fixture, enum store_verb verb, struct uuid id)
{
    struct store_get *op = make(fixture, verb, sizeof(*op));
    op->id = id;
    (void)run(fixture, &op->base);
    return op;
}

static const struct message *get_message(struct fixture *fixture, struct uuid id)
{
    struct store_get *op = get(fixture, STORE_MESSAGE_GET, id);
    assert_int_equal(op->base.op.err, ERR_OK);
    return &op->row.message;
}
