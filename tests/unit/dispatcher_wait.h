/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a test of the dispatcher waits: for states of the rows and counts of what happened, never for time to pass.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dispatcher_fake.h"

#define WITHIN_S 30

/* How many rows stand in a state. */
static int rows_in(enum message_state state)
{
    int count = 0;
    for (size_t i = 0; i < fake.count; i++) count += fake.rows[i].state == state;
    return count;
}

typedef int measure_fn(void);

static int accepted(void)
{
    return rows_in(MESSAGE_ACCEPTED);
}

static int held(void)
{
    return (int)fake.held_count;
}

static int sweeps(void)
{
    return fake.sweeps;
}

static int settles(void)
{
    return fake.settles;
}

static void wait_for(measure_fn *measure, int least)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WITHIN_S;
    pthread_mutex_lock(&fake.mutex);
    int result = 0;
    while (measure() < least && result == 0) {
        result = pthread_cond_timedwait(&fake.changed, &fake.mutex, &until);
    }
    pthread_mutex_unlock(&fake.mutex);
    assert_int_equal(result, 0);
}
