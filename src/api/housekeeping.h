/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to be swept out now and then: idempotency keys past their time, sessions that are over, texts of old
 * messages.
 *
 * Every copy of the service sweeps; deleting what is already gone costs nothing. Runs on a worker's loop.
 */
#pragma once

#include "core/config.h"
#include "store/delivery.h"
#include "store/session.h"
#include "store/store.h"

struct housekeeping {
    struct store_keys_purge keys;
    struct store_sessions_purge sessions;
    struct store_messages_scrub bodies;
    size_t chore; /* the one under way, or the next */
    struct arena arena;
    struct timer timer;
    struct loop *loop;
    struct store_link *store;
    int64_t keep_ms, idle_ms, body_ms; /* body_ms 0: texts stay */
    bool pending;                      /* a chore is with the store */
    bool more;                         /* the round has not found all there is */
    void (*stopped)(void *context);    /* set while stopping */
    void *context;
};

/* Sweeps from soon on, by the settings. The struct must not move. */
void housekeeping_start(struct housekeeping *keeping, struct loop *loop, struct store_link *store,
    const struct config *config);
/* Calls `stopped` once nothing is pending any more, at once or later. */
void housekeeping_stop(struct housekeeping *keeping, void (*stopped)(void *context), void *context);
