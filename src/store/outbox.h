/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the store by the dispatcher: claim, settle, sweep.
 */
#pragma once

#include "store/operation.h"

/* Claims queued messages that are due: commits them as `sending`, attempts + 1, with the fencing token and lease.
 * In: now, lease_until, token (fresh), limit. Out: messages, count. */
struct store_outbox_claim {
    struct store_op base;
    int64_t now, lease_until;
    struct uuid token;
    size_t limit;
    struct message *messages;
    size_t count;
};

/* What became of a claimed message; applied only while the message is `sending` under this token. */
struct settlement {
    struct uuid id;
    enum message_state state;
    bool
        attempt_refunded; /* the attempt was not the message's own fault: account stopped, gateway slowed */
    int64_t due_at;  /* when queued again */
    int64_t sent_at; /* when accepted, else 0 */
    int parts;       /* as billed by the gateway, 0 when it did not say */
    struct slice provider_id, provider_status, cost, failure; /* absent keeps what is there */
};

/* In: now, token, items, count. Out: applied (fewer than count when a lease was lost). */
struct store_outbox_settle {
    struct store_op base;
    int64_t now;
    struct uuid token;
    const struct settlement *items;
    size_t count, applied;
};

/* Moves `sending` past its lease to `unknown`, `queued` past its expiry to `expired`, then looks at the queue.
 * In: now. Out: lost, expired, depth (queued), oldest_due (0 when the queue is empty), next_due (0 when empty). */
struct store_outbox_sweep {
    struct store_op base;
    int64_t now;
    int64_t lost, expired, depth, oldest_due, next_due;
};
