/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sweep: two bounded deletes, again at once while they find a full load, else after a minute.
 *
 *   resting --timer--> keys --answer--> sessions --answer--> resting        stop: timer cleared; `stopped` when nothing is pending
 */
#include "api/housekeeping.h"

#include "core/clock.h"

#define REST_MS 60000
/* A sweep that found this many may have left some: the store deletes a bounded number at a time. */
#define FULL_LOAD STORE_BATCH_MAX
#define ARENA_MAX 4096

static void rest(struct housekeeping *keeping)
{
    arena_reset(&keeping->arena);
    if (keeping->stopped) {
        arena_deinit(&keeping->arena);
        keeping->stopped(keeping->context);
        return;
    }
    timer_set(keeping->loop, &keeping->timer, keeping->more ? 0 : REST_MS);
}

static void note(struct housekeeping *keeping, enum err err, int64_t deleted)
{
    if (err == ERR_OK && deleted >= FULL_LOAD) keeping->more = true;
}

static void sessions_swept(struct op *op)
{
    struct housekeeping *keeping = CONTAINER_OF(op, struct housekeeping, sessions.base.op);
    note(keeping, op->err, keeping->sessions.deleted);
    rest(keeping);
}

static void keys_swept(struct op *op)
{
    struct housekeeping *keeping = CONTAINER_OF(op, struct housekeeping, keys.base.op);
    note(keeping, op->err, keeping->keys.deleted);
    if (keeping->stopped) {
        rest(keeping);
        return;
    }
    keeping->sessions.now = clock_wall_ms();
    keeping->sessions.idle_ms = keeping->idle_ms;
    keeping->sessions.deleted = 0;
    store_submit(keeping->store, &keeping->sessions.base, sessions_swept);
}

static void sweep(struct timer *timer)
{
    struct housekeeping *keeping = CONTAINER_OF(timer, struct housekeeping, timer);
    keeping->more = false;
    keeping->keys.before = clock_wall_ms() - keeping->keep_ms;
    keeping->keys.deleted = 0;
    store_submit(keeping->store, &keeping->keys.base, keys_swept);
}

void housekeeping_start(struct housekeeping *keeping, struct loop *loop, struct store_link *store,
    const struct config *config)
{
    *keeping = (struct housekeeping){.loop = loop,
        .store = store,
        .keep_ms = config->idempotency_expiry * 1000,
        .idle_ms = config->session_idle * 1000};
    arena_init(&keeping->arena, ARENA_MAX);
    keeping->keys.base.verb = STORE_KEYS_PURGE;
    keeping->keys.base.arena = &keeping->arena;
    keeping->sessions.base.verb = STORE_SESSIONS_PURGE;
    keeping->sessions.base.arena = &keeping->arena;
    timer_init(&keeping->timer, sweep);
    timer_set(loop, &keeping->timer, REST_MS);
}

void housekeeping_stop(struct housekeeping *keeping, void (*stopped)(void *context), void *context)
{
    timer_clear(&keeping->timer);
    keeping->stopped = stopped;
    keeping->context = context;
    if (keeping->keys.base.op.pending || keeping->sessions.base.op.pending) return;
    arena_deinit(&keeping->arena);
    stopped(context);
}
