/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buckets of tokens in a table of fixed size, shared by all workers.
 *
 * A bucket is one number: when it will be full again. Each token moves that by a share of a second, and who would have to wait for longer
 * than `burst` shares is refused (the leaky bucket of I.371 as a meter). So there is nothing to refill, and a peer that was away costs nothing.
 *   slot = tag (16 bits) | full at (48 bits: µs since the limit was made, good for 8 years)
 * A peer has its place in one of ROWS rows, by a keyed hash that nobody outside can aim with, and there in any slot: its own, or else the one
 * that is full soonest, which loses least. A stranger with thousands of addresses can make others forget small debts, and nobody large ones.
 *
 * Shared rather than one for each worker: the kernel spreads a peer's connections over all of them, so that its limit would be anything
 * between one and the number of workers times what is set. A slot is one word that is compared and swapped: no lock, nothing allocated,
 * one cache line looked at. Two threads that see a new peer in the same instant may give it two slots; it then has some tokens more, once.
 * Two peers share a bucket when row and tag are the same: one pair in 67 million.
 *
 * Any thread. Limits: ROWS × WAYS peers at a time.
 */
#include "core/rate_limit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/clock.h"
#include "core/random.h"

#define ROWS 1024
#define WAYS 8
#define TIME_BITS 48
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define CACHE_LINE 64

struct row {
    _Alignas(CACHE_LINE) _Atomic uint64_t slots[WAYS];
};

struct rate_limit {
    struct row rows[ROWS];
    uint64_t share_us, burst_us; /* of one token, of all that a full bucket holds */
    int64_t since_us;
    uint64_t secrets[2];
};

struct rate_limit *rate_limit_new(int64_t per_second, int64_t burst)
{
    check(per_second >= 1 && per_second <= 10000 && burst >= 1);
    struct rate_limit *limit = aligned_alloc(CACHE_LINE, sizeof(*limit));
    check(limit != NULL);
    memset(limit, 0, sizeof(*limit));
    limit->share_us = 1000000 / (uint64_t)per_second;
    limit->burst_us = limit->share_us * (uint64_t)burst;
    limit->since_us = clock_mono_us();
    random_fill(limit->secrets, sizeof(limit->secrets));
    return limit;
}

void rate_limit_free(struct rate_limit *limit)
{
    free(limit);
}

/* Multiplied twice by secret odd numbers: the upper bits depend on all of the peer's, in a way that only we know. */
static uint64_t hash_of(const struct rate_limit *limit, uint64_t peer)
{
    uint64_t hash = (peer + 1) * (limit->secrets[0] | 1);
    hash ^= hash >> 32;
    hash *= limit->secrets[1] | 1;
    return hash ^ hash >> 32;
}

static uint64_t full_at(uint64_t word)
{
    return word & TIME_MASK;
}

/* The slot with this tag, or the one that is full soonest; what it holds in `seen`. */
static _Atomic uint64_t *find(struct row *row, uint64_t tag, uint64_t *seen)
{
    _Atomic uint64_t *soonest = &row->slots[0];
    *seen = atomic_load_explicit(soonest, memory_order_relaxed);
    for (size_t i = 1; i < WAYS && (*seen & ~TIME_MASK) != tag; i++) {
        uint64_t word = atomic_load_explicit(&row->slots[i], memory_order_relaxed);
        if ((word & ~TIME_MASK) != tag && full_at(word) >= full_at(*seen)) continue;
        soonest = &row->slots[i];
        *seen = word;
    }
    return soonest;
}

bool rate_limit_spend(struct rate_limit *limit, uint64_t peer, int64_t now_us)
{
    uint64_t seen, hash = hash_of(limit, peer), tag = hash & ~TIME_MASK;
    uint64_t now = (uint64_t)(now_us - limit->since_us) & TIME_MASK;
    struct row *row = &limit->rows[hash % ROWS];
    for (;;) {
        _Atomic uint64_t *slot = find(row, tag, &seen);
        uint64_t full = (seen & ~TIME_MASK) == tag && full_at(seen) > now ? full_at(seen) : now;
        full += limit->share_us;
        if (full - now > limit->burst_us) return false;
        /* Where it fails, somebody else has spent a token: nobody waits for nothing. */
        if (atomic_compare_exchange_weak(slot, &seen, tag | (full & TIME_MASK))) return true;
    }
}
