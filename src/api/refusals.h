/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of the audit log about refused requests: written behind the answers, which do not wait for them.
 */
#pragma once

#include "store/store.h"

/* Of one worker. */
struct refusals {
    struct store_link *store;
    size_t pending;
    void (*stopped)(void *context); /* set while stopping */
    void *context;
};

void refusals_init(struct refusals *refusals, struct store_link *store);
/* Submits an entry. Texts are copied. False when it is left out: past AUDIT_REFUSALS_A_MINUTE, or PENDING_MAX not written yet. */
bool refusals_put(struct refusals *refusals, const struct audit_actor *actor, struct slice record);
/* Calls `stopped` once nothing is pending any more, at once or later. */
void refusals_stop(struct refusals *refusals, void (*stopped)(void *context), void *context);
