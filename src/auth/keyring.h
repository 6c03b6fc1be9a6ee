/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The current key set, who must be told when it changes, and whether it may be used at all.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "auth/keyset.h"
#include "net/loop.h"

struct keyring_member;
/* On the member's loop, after every fetch that somebody may have waited for. `changed`: member->keys is another set than before. It may be
 * older than what was last asked for: see keyring_answered(). */
typedef void keyring_news_fn(struct keyring_member *member, bool changed);
/* On the identity loop: a member wants newer keys. */
typedef void keyring_ask_fn(void *owner);

struct keyring {
    pthread_mutex_t mutex; /* guards members, their `posted`, and keys */
    struct list members;
    struct keyset *keys;
    atomic_uint generation; /* counts news */
    atomic_bool fetching, asked;
    atomic_int_least64_t usable_until_ms, refetch_from_ms; /* monotonic */
    struct loop *home;                                     /* the identity loop */
    struct job ask;
    keyring_ask_fn *on_ask;
    void *owner;
};

/* Whoever verifies tokens on a loop. Embedded; the first five belong to the loop's thread. */
struct keyring_member {
    struct keyring *ring;
    struct loop *loop;
    struct keyset *keys; /* NULL before the first news; held */
    unsigned generation;
    unsigned wanted; /* the generation that answers all it asked for */
    keyring_news_fn *fn;
    struct list node;
    struct job news;
    bool posted;
};

void keyring_init(struct keyring *ring, struct loop *home);
/* After every member left. */
void keyring_deinit(struct keyring *ring);
/* A key set is held and its time is not over. Any thread. */
bool keyring_usable(const struct keyring *ring);

/* Members. Joins with the current keys. */
void keyring_join(
    struct keyring *ring, struct keyring_member *member, struct loop *loop, keyring_news_fn *fn);
/* When the member's loop does not turn any more, or on its thread when no news is on its way. */
void keyring_leave(struct keyring_member *member);
/* True when newer keys may come: `fn` will be called. False when asking again makes no sense yet. */
MUST_CHECK bool keyring_await(struct keyring_member *member);
/* In `fn`: the news is of a fetch that ended after everything that was asked for, so there is nothing more to wait for. */
bool keyring_answered(const struct keyring_member *member);

/* The fetcher, on the identity loop. A fetch: begin, then perhaps publish or extend, then end. */
void keyring_serve(struct keyring *ring, keyring_ask_fn *fn, void *owner);
void keyring_begin(struct keyring *ring);
/* Takes `keys`. */
void keyring_publish(struct keyring *ring, struct keyset *keys, int64_t usable_until_ms);
/* The same keys, for longer. */
void keyring_extend(struct keyring *ring, int64_t usable_until_ms);
void keyring_end(struct keyring *ring);
/* No member's asking starts a fetch before this time. */
void keyring_hold_off(struct keyring *ring, int64_t until_ms);
