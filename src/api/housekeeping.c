/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sweep: one bounded delete, again at once while it finds a full load, else after a minute.
 *
 *   resting --timer--> sweeping --answer--> resting        stop: timer cleared; `stopped` when resting
 */
#include "api/housekeeping.h"

#include "core/clock.h"

#define REST_MS 60000
/* A sweep that found this many may have left some: the store deletes a bounded number at a time. */
#define FULL_LOAD STORE_BATCH_MAX
#define ARENA_MAX 4096

static void sweep(struct timer *timer);

static void swept(struct op *op)
{
    struct housekeeping *keeping = CONTAINER_OF(op, struct housekeeping, purge.base.op);
    bool more = op->err == ERR_OK && keeping->purge.deleted >= FULL_LOAD;
    arena_reset(&keeping->arena);
    if (keeping->stopped) {
        arena_deinit(&keeping->arena);
        keeping->stopped(keeping->context);
        return;
    }
    timer_set(keeping->loop, &keeping->timer, more ? 0 : REST_MS);
}

static void sweep(struct timer *timer)
{
    struct housekeeping *keeping = CONTAINER_OF(timer, struct housekeeping, timer);
    keeping->purge.before = clock_wall_ms() - keeping->keep_ms;
    keeping->purge.deleted = 0;
    store_submit(keeping->store, &keeping->purge.base, swept);
}

void housekeeping_start(
    struct housekeeping *keeping, struct loop *loop, struct store_link *store, int64_t keep_ms)
{
    *keeping = (struct housekeeping){.loop = loop, .store = store, .keep_ms = keep_ms};
    arena_init(&keeping->arena, ARENA_MAX);
    keeping->purge.base.verb = STORE_KEYS_PURGE;
    keeping->purge.base.arena = &keeping->arena;
    timer_init(&keeping->timer, sweep);
    timer_set(loop, &keeping->timer, REST_MS);
}

void housekeeping_stop(struct housekeeping *keeping, void (*stopped)(void *context), void *context)
{
    timer_clear(&keeping->timer);
    keeping->stopped = stopped;
    keeping->context = context;
    if (keeping->purge.base.op.pending) return;
    arena_deinit(&keeping->arena);
    stopped(context);
}
