/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the dispatcher put in the place of the world: a store and a gateway that fail as told, and clocks that move.
 *
 * The functions of store/store.h, net/outbound.h and core/clock.h that the dispatcher calls stand in dispatcher_store.h, dispatcher_gateway.h and
 * here. One mutex guards the fake. The clocks are the real ones, moved as a test says.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/clock.h"
#include "net/outbound.h"
#include "store/driver.h"

#define ROWS_MAX 128

/* What the fake gateway answers to the next calls; the last step stays. */
struct step {
    enum outbound_result result;
    int status;
    const char *body;
    bool hold;
};

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* The store. */
    struct message rows[ROWS_MAX];
    struct uuid tokens[ROWS_MAX];
    size_t count;
    int failing_claims, failing_settles, failing_sweeps, claims, settles, sweeps;
    bool steal;    /* another copy takes the leases away while the calls run */
    bool hang;     /* settlements are never answered */
    bool halted;   /* another copy set the switch */
    int uncounted; /* sweeps that were not to count */
    int64_t depth, spent, spent_day;
    bool suppress[ROWS_MAX];
    int64_t leased_ms, slow_claim_ms, swept_at_ms[ROWS_MAX], leases[ROWS_MAX];
    /* The gateway. */
    const struct step *steps;
    int sends, probes, peak;
    int64_t sent_at_ms[ROWS_MAX]; /* monotonic */
    struct outbound_call *held[ROWS_MAX];
    size_t held_count;
} fake = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static atomic_llong wall_moved_ms, mono_moved_ms;

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000 + atomic_load(&wall_moved_ms);
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC) + atomic_load(&mono_moved_ms) * 1000;
}
