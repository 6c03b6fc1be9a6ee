/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How keys travel from the identity thread to the workers, and questions for newer ones back.
 *
 *   identity loop:  begin → (fetch) → publish | extend | nothing → end ──news──▶ every member's loop: new keys, waiting checks go on
 *   member's loop:  unknown key → await ──ask──▶ identity loop: one fetch, or news at once when it is too early for another
 *
 * A member reads only what is its own; the mutex is taken when news comes, never for a request. Every question is followed by news,
 * so nobody waits for ever; news of a fetch that had ended before the question is not its answer (`wanted`). The order matters in keyring_end(): news first, then `fetching` off, so that a member that sees no fetch
 * also sees by the generation that its news is still on its way.
 *
 * Members on their loops' threads, the fetcher on the identity loop's; keyring_usable() from any.
 */
#include "auth/keyring.h"

#include "core/clock.h"

static void run_ask(struct job *job)
{
    struct keyring *ring = CONTAINER_OF(job, struct keyring, ask);
    atomic_store(&ring->asked, false); /* first: a question from now on wants its own news */
    ring->on_ask(ring->owner);
}

void keyring_init(struct keyring *ring, struct loop *home)
{
    *ring = (struct keyring){.home = home, .ask.run = run_ask};
    check(pthread_mutex_init(&ring->mutex, NULL) == 0);
    list_init(&ring->members);
}

void keyring_deinit(struct keyring *ring)
{
    check(list_empty(&ring->members));
    keyset_release(ring->keys);
    pthread_mutex_destroy(&ring->mutex);
}

bool keyring_usable(const struct keyring *ring)
{
    return clock_mono_ms() < atomic_load(&ring->usable_until_ms);
}

/* The ring is locked. */
static void take_current(struct keyring_member *member)
{
    struct keyring *ring = member->ring;
    keyset_release(member->keys);
    member->keys = ring->keys ? keyset_hold(ring->keys) : NULL;
    member->generation = atomic_load(&ring->generation);
}

static void take_news(struct job *job)
{
    struct keyring_member *member = CONTAINER_OF(job, struct keyring_member, news);
    pthread_mutex_lock(&member->ring->mutex);
    member->posted = false;
    bool changed = member->keys != member->ring->keys;
    take_current(member);
    pthread_mutex_unlock(&member->ring->mutex);
    member->fn(member, changed);
}

void keyring_join(
    struct keyring *ring, struct keyring_member *member, struct loop *loop, keyring_news_fn *fn)
{
    *member = (struct keyring_member){.ring = ring, .loop = loop, .fn = fn, .news.run = take_news};
    pthread_mutex_lock(&ring->mutex);
    list_append(&ring->members, &member->node);
    take_current(member);
    member->wanted = member->generation;
    pthread_mutex_unlock(&ring->mutex);
}

void keyring_leave(struct keyring_member *member)
{
    pthread_mutex_lock(&member->ring->mutex);
    list_remove(&member->node);
    pthread_mutex_unlock(&member->ring->mutex);
    keyset_release(member->keys);
}

/* `fetching` is read first, see above. News that is on its way already answers nobody who needs a fetch. */
bool keyring_await(struct keyring_member *member)
{
    struct keyring *ring = member->ring;
    bool fetch =
        atomic_load(&ring->fetching) || clock_mono_ms() >= atomic_load(&ring->refetch_from_ms);
    unsigned generation = atomic_load(&ring->generation);
    if (!fetch && generation == member->generation) return false;
    member->wanted = fetch ? generation + 1 : generation;
    if (fetch && !atomic_exchange(&ring->asked, true)) loop_post(ring->home, &ring->ask);
    return true;
}

bool keyring_answered(const struct keyring_member *member)
{
    return (int)(member->generation - member->wanted) >= 0;
}

void keyring_serve(struct keyring *ring, keyring_ask_fn *fn, void *owner)
{
    ring->on_ask = fn;
    ring->owner = owner;
}

void keyring_begin(struct keyring *ring)
{
    atomic_store(&ring->fetching, true);
}

void keyring_publish(struct keyring *ring, struct keyset *keys, int64_t usable_until_ms)
{
    pthread_mutex_lock(&ring->mutex);
    keyset_release(ring->keys);
    ring->keys = keys;
    pthread_mutex_unlock(&ring->mutex);
    keyring_extend(ring, usable_until_ms);
}

void keyring_extend(struct keyring *ring, int64_t usable_until_ms)
{
    atomic_store(&ring->usable_until_ms, usable_until_ms);
}

static void tell_members(struct keyring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    atomic_fetch_add(&ring->generation, 1);
    list_for_each (node, &ring->members) {
        struct keyring_member *member = CONTAINER_OF(node, struct keyring_member, node);
        if (!member->posted) loop_post(member->loop, &member->news);
        member->posted = true;
    }
    pthread_mutex_unlock(&ring->mutex);
}

void keyring_end(struct keyring *ring)
{
    tell_members(ring);
    atomic_store(&ring->fetching, false);
}

void keyring_hold_off(struct keyring *ring, int64_t until_ms)
{
    atomic_store(&ring->refetch_from_ms, until_ms);
}
