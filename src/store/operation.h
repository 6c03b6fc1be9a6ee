/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the store by the API: one struct per kind of operation, each beginning with `struct store_op`.
 *
 * Inputs are filled by the caller, outputs by the store; texts of both live in `arena` or outlive the operation.
 */
#pragma once

#include "core/arena.h"
#include "core/digest.h"
#include "net/op.h"
#include "store/audit.h"
#include "store/row.h"

enum store_verb {
    STORE_CUSTOMER_CREATE,
    STORE_ORDER_CREATE,
    STORE_CUSTOMER_GET,
    STORE_ORDER_GET,
    STORE_MESSAGE_GET,
    STORE_CUSTOMER_LIST,
    STORE_ORDER_LIST,
    STORE_MESSAGE_LIST,
    STORE_OUTBOX_CLAIM,
    STORE_OUTBOX_SETTLE,
    STORE_OUTBOX_SWEEP,
    STORE_KEYS_PURGE,
    STORE_SESSION_GET,
    STORE_SESSION_CREATE,
    STORE_SESSION_TOUCH,
    STORE_SESSION_REFRESH,
    STORE_SESSION_END,
    STORE_SESSIONS_PURGE,
    STORE_AUDIT_WRITE,
    STORE_AUDIT_LIST,
    STORE_REPORT_TAKE,
    STORE_MESSAGE_RESEND,
    STORE_MESSAGES_RESEND,
    STORE_MESSAGE_SETTLE,
    STORE_MESSAGES_SCRUB,
    STORE_SENDING_SWITCH,
    STORE_SUPPRESSION_ADD,
    STORE_SUPPRESSION_REMOVE,
    STORE_SUPPRESSION_LIST,
    STORE_TEMPLATES_GET,
    STORE_TEMPLATE_PUT,
    STORE_TEMPLATE_REMOVE,
    STORE_VERB_COUNT
};

struct store_op {
    struct op op;
    enum store_verb verb;
    struct arena *arena;             /* outputs go here */
    const struct audit_actor *actor; /* who wants it: of creates; borrowed */
    struct uuid audit_id;            /* with `actor`: a new id for the entry, made once */
    struct list node;                /* the driver's */
    int tries;                       /* the driver's */
    int64_t since_ms;                /* the driver's */
};

/* An Idempotency-Key, reduced to hashes by the API; no key when `present` is false. */
struct store_key {
    bool present;
    struct digest id, fingerprint;
};

/* The stored answer of the request that first used the key. */
struct store_replay {
    bool hit;
    int status;
    struct uuid resource;
    struct slice body;
};

/* In: row (complete, with a fresh id), key. Out: replay. Errors: ERR_CODE_TAKEN, ERR_KEY_REUSED. */
struct store_customer_create {
    struct store_op base;
    struct customer row;
    struct store_key key;
    struct store_replay replay;
};

/* In: row with `customer` (code) and without customer_id, message_id, message_state; message.id; key.
 * Out: row complete, message (composed by the hook), replay. Order and message are written in one transaction.
 * Errors: ERR_UNKNOWN_CUSTOMER, ERR_REF_TAKEN, ERR_KEY_REUSED. */
struct store_order_create {
    struct store_op base;
    struct order row;
    struct message message;
    struct store_key key;
    struct store_replay replay;
};

/* In: id. Out: the row of the verb's kind. Errors: ERR_NOT_FOUND. */
struct store_get {
    struct store_op base;
    struct uuid id;
    union {
        struct customer customer;
        struct order order;
        struct message message;
    } row;
};

/* STORE_AUDIT_WRITE: an entry that goes with no other change. */
struct store_audit_write {
    struct store_op base;
    struct audit_entry entry;
};

/* Deletes idempotency keys made before `before`, at most STORE_BATCH_MAX * 8 at a time. Out: deleted. */
struct store_keys_purge {
    struct store_op base;
    int64_t before, deleted;
};
