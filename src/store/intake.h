/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both stores decide alike when a create arrives: replay, refuse, or write; and what exactly is written.
 *
 * A driver looks up the key and the customer inside its transaction, asks here, and writes what it is told. So the rules of the
 * domain stand once, and both stores answer byte for byte alike. Pure; runs on the driver's thread.
 */
#pragma once

#include "store/store.h"

/* The row of idempotency_keys that was found for an operation's key. */
struct stored_key {
    struct digest fingerprint;
    struct store_replay replay;
};

enum intake_verdict {
    INTAKE_WRITE, /* write the row(s), and the key with `answer` when one is present */
    INTAKE_DONE,  /* nothing to write: complete with `err` (ERR_OK: a replay) */
};

struct intake {
    enum intake_verdict verdict;
    enum err err;
    struct slice answer; /* the body to store with the key; absent without a key */
};

/* `seen`: the stored key, or NULL. Texts of `seen` are copied into the operation's arena. */
struct intake intake_customer(const struct store_hooks *hooks, struct store_customer_create *op,
    const struct stored_key *seen);
/* `customer`: the row of the order's customer, or NULL. Fills the order and composes the message. */
struct intake intake_order(const struct store_hooks *hooks, struct store_order_create *op,
    const struct customer *customer, const struct stored_key *seen);

/* 201: the status that is stored with every key; creates are the only keyed writes. */
#define INTAKE_STATUS 201
