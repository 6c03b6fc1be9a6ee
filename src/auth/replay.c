/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sets of marks, the young and the old one; when the young one has gathered for a window's time it becomes the old one, and the old
 * one is forgotten as a whole. So nothing is ever searched for what has expired, and an idle store holds nothing.
 *
 *   note: in young or old → seen; else into young         every window: old ← young, young ← empty
 *
 * A set is an open table of 128-bit marks, at most half full. Marks are keyed hashes, so that nobody can choose where they fall.
 * In shards, each with its mutex, because all workers share one store.
 *
 * Any thread. Memory grows with use: 16 bytes for a slot, 4 × `limit` slots in all when every window is full.
 * Limits: `limit` new ones in a window, spread over the shards; a shard that is full says so and takes nothing more.
 */
#include "auth/replay.h"

#include <pthread.h>

#include "core/check.h"
#include "core/random.h"

#define SHARDS 16
#define SLOTS_FIRST 64

struct mark {
    uint64_t head, tail; /* both 0: a free slot */
};

struct marks {
    struct mark *slots;
    size_t count, room; /* room: a power of two, or 0 */
};

struct shard {
    _Alignas(64) pthread_mutex_t mutex;
    struct marks young, old;
    int64_t since_ms; /* when `young` began */
};

struct replay {
    int64_t window_ms;
    size_t shard_limit;
    uint8_t secret[DIGEST_LEN];
    struct shard *shards;
};

struct replay *replay_new(int64_t window_ms, size_t limit)
{
    struct replay *replay = memory_zeroed(sizeof(*replay));
    replay->window_ms = window_ms;
    replay->shard_limit = (limit + SHARDS - 1) / SHARDS;
    random_fill(replay->secret, sizeof(replay->secret));
    replay->shards = aligned_alloc(_Alignof(struct shard), SHARDS * sizeof(struct shard));
    check(replay->shards != NULL);
    for (size_t i = 0; i < SHARDS; i++) {
        replay->shards[i] = (struct shard){.since_ms = INT64_MIN};
        check(pthread_mutex_init(&replay->shards[i].mutex, NULL) == 0);
    }
    return replay;
}

void replay_free(struct replay *replay)
{
    if (!replay) return;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_destroy(&replay->shards[i].mutex);
        free(replay->shards[i].young.slots);
        free(replay->shards[i].old.slots);
    }
    free(replay->shards);
    free(replay);
}

/* Where the mark stands, or the free slot where it would. */
static struct mark *find(const struct marks *marks, struct mark mark)
{
    size_t at = (size_t)mark.head & (marks->room - 1);
    for (;; at = (at + 1) & (marks->room - 1)) {
        struct mark *slot = &marks->slots[at];
        if (slot->head == mark.head && slot->tail == mark.tail) return slot;
        if (slot->head == 0 && slot->tail == 0) return slot;
    }
}

static bool has(const struct marks *marks, struct mark mark)
{
    return marks->room > 0 && find(marks, mark)->tail != 0;
}

static void enlarge(struct marks *marks)
{
    size_t room = marks->room ? 2 * marks->room : SLOTS_FIRST;
    struct marks wider = {memory_zeroed(room * sizeof(struct mark)), marks->count, room};
    for (size_t i = 0; i < marks->room; i++) {
        if (marks->slots[i].tail != 0) *find(&wider, marks->slots[i]) = marks->slots[i];
    }
    free(marks->slots);
    *marks = wider;
}

static void add(struct marks *marks, struct mark mark)
{
    if (2 * (marks->count + 1) > marks->room) enlarge(marks);
    *find(marks, mark) = mark;
    marks->count++;
}

static void let_age(struct shard *shard, int64_t window_ms, int64_t now_ms)
{
    if (shard->since_ms > now_ms - window_ms) return;
    bool long_ago = shard->since_ms <= now_ms - 2 * window_ms;
    free(shard->old.slots);
    shard->old = shard->young;
    shard->young = (struct marks){.slots = NULL};
    shard->since_ms = now_ms;
    if (!long_ago) return;
    free(shard->old.slots);
    shard->old = (struct marks){.slots = NULL};
}

static enum replay_answer note(struct shard *shard, struct mark mark, size_t limit)
{
    if (has(&shard->young, mark) || has(&shard->old, mark)) return REPLAY_SEEN;
    if (shard->young.count == limit) return REPLAY_FULL;
    add(&shard->young, mark);
    return REPLAY_NEW;
}

enum replay_answer replay_note(struct replay *replay, const struct digest *id, int64_t now_ms)
{
    struct mark mark;
    struct slice secret = {(const char *)replay->secret, sizeof(replay->secret)};
    struct digest hash = digest_hmac(secret, digest_slice(id));
    struct shard *shard = &replay->shards[hash.bytes[DIGEST_LEN - 1] % SHARDS];
    memcpy(&mark, hash.bytes, sizeof(mark));
    mark.tail |= 1; /* so that no mark looks like a free slot */
    pthread_mutex_lock(&shard->mutex);
    let_age(shard, replay->window_ms, now_ms);
    enum replay_answer answer = note(shard, mark, replay->shard_limit);
    pthread_mutex_unlock(&shard->mutex);
    return answer;
}
