/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sweep: bounded deletes, one after the other, again at once while they find a full load, else after a minute.
 *
 *   resting --timer--> chore 0 --answer--> chore 1 … --answer--> resting        stop: timer cleared; `stopped` when nothing is pending
 */
#include "api/housekeeping.h"

#include "core/clock.h"

#define REST_MS 60000
/* A sweep that found this many may have left some: the store deletes a bounded number at a time. */
#define FULL_LOAD STORE_BATCH_MAX
#define ARENA_MAX 4096

/* NULL: not wanted. */
typedef struct store_op *begin_fn(struct housekeeping *keeping, int64_t now);
/* How many were swept out. */
typedef int64_t count_fn(const struct housekeeping *keeping);

static struct store_op *begin_keys(struct housekeeping *keeping, int64_t now)
{
    keeping->keys =
        (struct store_keys_purge){.base.verb = STORE_KEYS_PURGE, .before = now - keeping->keep_ms};
    return &keeping->keys.base;
}

static int64_t count_keys(const struct housekeeping *keeping)
{
    return keeping->keys.deleted;
}

static struct store_op *begin_sessions(struct housekeeping *keeping, int64_t now)
{
    keeping->sessions = (struct store_sessions_purge){
        .base.verb = STORE_SESSIONS_PURGE, .now = now, .idle_ms = keeping->idle_ms};
    return &keeping->sessions.base;
}

static int64_t count_sessions(const struct housekeeping *keeping)
{
    return keeping->sessions.deleted;
}

static struct store_op *begin_bodies(struct housekeeping *keeping, int64_t now)
{
    if (keeping->body_ms == 0) return NULL;
    keeping->bodies = (struct store_messages_scrub){
        .base.verb = STORE_MESSAGES_SCRUB, .before = now - keeping->body_ms};
    return &keeping->bodies.base;
}

static int64_t count_bodies(const struct housekeeping *keeping)
{
    return keeping->bodies.scrubbed;
}

static const struct chore {
    begin_fn *begin;
    count_fn *count;
} chores[] = {
    {begin_keys, count_keys},
    {begin_sessions, count_sessions},
    {begin_bodies, count_bodies},
};

static void end(struct housekeeping *keeping)
{
    arena_deinit(&keeping->arena);
    keeping->stopped(keeping->context);
}

static void rest(struct housekeeping *keeping)
{
    keeping->chore = 0;
    arena_reset(&keeping->arena);
    timer_set(keeping->loop, &keeping->timer, keeping->more ? 0 : REST_MS);
}

static op_fn swept;

/* Begins the next chore that is wanted, or rests. */
static void go_on(struct housekeeping *keeping)
{
    for (; keeping->chore < ARRAY_LEN(chores); keeping->chore++) {
        struct store_op *op = chores[keeping->chore].begin(keeping, clock_wall_ms());
        if (!op) continue;
        op->arena = &keeping->arena;
        op->op.owner = keeping;
        keeping->pending = true;
        store_submit(keeping->store, op, swept);
        return;
    }
    rest(keeping);
}

static void swept(struct op *op)
{
    struct housekeeping *keeping = op->owner;
    keeping->pending = false;
    if (!op->err && chores[keeping->chore].count(keeping) >= FULL_LOAD) keeping->more = true;
    keeping->chore++;
    if (keeping->stopped) {
        end(keeping);
    } else {
        go_on(keeping);
    }
}

static void sweep(struct timer *timer)
{
    struct housekeeping *keeping = CONTAINER_OF(timer, struct housekeeping, timer);
    keeping->more = false;
    go_on(keeping);
}

void housekeeping_start(struct housekeeping *keeping, struct loop *loop, struct store_link *store,
    const struct config *config)
{
    *keeping = (struct housekeeping){.loop = loop,
        .store = store,
        .keep_ms = config->idempotency_expiry * 1000,
        .idle_ms = config->session_idle * 1000,
        .body_ms = config->sms_body_age * 1000};
    arena_init(&keeping->arena, ARENA_MAX);
    timer_init(&keeping->timer, sweep);
    timer_set(loop, &keeping->timer, REST_MS);
}

void housekeeping_stop(struct housekeeping *keeping, void (*stopped)(void *context), void *context)
{
    timer_clear(&keeping->timer);
    keeping->stopped = stopped;
    keeping->context = context;
    if (!keeping->pending) end(keeping);
}
