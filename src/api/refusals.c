/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries about refusals: each is a write of the store by itself, with its own memory, which ends with it.
 *
 * A client that is refused over and over must not fill the disk, so the process writes a bounded number a minute, whoever caused them.
 * The request may be gone before its entry is written: everything is copied. An entry that cannot be written is given up; the store
 * has logged why.
 *
 * One `struct refusals` per worker, on its thread; the bound is shared by all. Limits: PENDING_MAX entries of a worker on their way.
 */
#include "api/refusals.h"

#include <stdatomic.h>

#include "api/audit.h"
#include "core/clock.h"

#define PENDING_MAX 16
#define ARENA_MAX 8192
#define MINUTE_MS 60000

struct refusal {
    struct store_audit_write write;
    struct arena arena;
    struct refusals *refusals;
};

/* The number of the minute, and in the lower half how many entries it has had. */
static _Atomic int64_t spent;
#define SPENT_BITS 16

static bool spend(void)
{
    int64_t minute = clock_mono_ms() / MINUTE_MS, next;
    int64_t seen = atomic_load(&spent);
    do {
        next = seen >> SPENT_BITS == minute ? seen + 1 : (minute << SPENT_BITS) + 1;
        if ((next & ((1 << SPENT_BITS) - 1)) > AUDIT_REFUSALS_A_MINUTE) return false;
    } while (!atomic_compare_exchange_weak(&spent, &seen, next));
    return true;
}

void refusals_init(struct refusals *refusals, struct store_link *store)
{
    *refusals = (struct refusals){.store = store};
}

static void written(struct op *op)
{
    struct refusal *refusal = CONTAINER_OF(op, struct refusal, write.base.op);
    struct refusals *refusals = refusal->refusals;
    arena_deinit(&refusal->arena);
    free(refusal);
    if (--refusals->pending == 0 && refusals->stopped) refusals->stopped(refusals->context);
}

static struct audit_actor keep_actor(struct arena *arena, const struct audit_actor *actor)
{
    return (struct audit_actor){
        .issuer = arena_copy(arena, actor->issuer),
        .subject = arena_copy(arena, actor->subject),
        .client_id = arena_copy(arena, actor->client_id),
        .address = arena_copy(arena, actor->address),
        .request = arena_copy(arena, actor->request),
    };
}

bool refusals_put(struct refusals *refusals, const struct audit_actor *actor, struct slice record)
{
    if (refusals->pending == PENDING_MAX || !spend()) return false;
    struct refusal *refusal = memory_zeroed(sizeof(*refusal));
    struct store_op *op = &refusal->write.base;
    refusal->refusals = refusals;
    arena_init(&refusal->arena, ARENA_MAX);
    refusal->write.entry = (struct audit_entry){
        .id = uuid_new(),
        .at = clock_wall_ms(),
        .actor = keep_actor(&refusal->arena, actor),
        .action = AUDIT_REFUSED,
        .record = arena_copy(&refusal->arena, record),
    };
    op->verb = STORE_AUDIT_WRITE;
    op->arena = &refusal->arena;
    refusals->pending++;
    store_submit(refusals->store, op, written);
    return true;
}

void refusals_stop(struct refusals *refusals, void (*stopped)(void *context), void *context)
{
    refusals->stopped = stopped;
    refusals->context = context;
    if (refusals->pending == 0) stopped(context);
}
