/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outbound calls one after the other or side by side on a loop; a flow ends when all have completed, so nothing waits by the clock.
 */
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/outbound.h"

#define CALLS_MAX 8

struct flow {
    struct loop *loop;
    struct outbound *outbound;
    struct arena arena;
    struct outbound_call calls[CALLS_MAX];
    char url[128];
    size_t count, started, completed;
    bool side_by_side;
};

static struct flow *current;

static void call_done(struct op *op);

static void start_next(struct flow *flow)
{
    outbound_start(flow->outbound, &flow->calls[flow->started++], call_done);
}

static void call_done(struct op *op)
{
    struct flow *flow = current;
    assert_int_equal(op->err, ERR_OK);
    flow->completed++;
    if (flow->completed == flow->count) {
        loop_stop(flow->loop);
    } else if (!flow->side_by_side) {
        start_next(flow);
    }
}

static struct flow *flow_new(const char *scheme, unsigned port, size_t count, long connections)
{
    struct flow *flow = memory_zeroed(sizeof(*flow));
    flow->loop = loop_new();
    flow->outbound = outbound_new(flow->loop, connections, NULL);
    flow->count = count;
    arena_init(&flow->arena, 1 << 20);
    snprintf(flow->url, sizeof(flow->url), "%s://127.0.0.1:%u/path", scheme, port);
    for (size_t i = 0; i < count; i++) {
        flow->calls[i] = (struct outbound_call){.url = flow->url,
            .body = SLICE("to=1&message=2"),
            .connect_timeout_ms = 20000,
            .total_timeout_ms = 20000,
            .body_max = 4096,
            .arena = &flow->arena};
    }
    current = flow;
    return flow;
}

static void flow_run(struct flow *flow)
{
    do {
        start_next(flow);
    } while (flow->side_by_side && flow->started < flow->count);
    loop_run(flow->loop);
}

static void flow_free(struct flow *flow)
{
    outbound_free(flow->outbound);
    loop_free(flow->loop);
    arena_deinit(&flow->arena);
    free(flow);
}

/* What all tests of a program need. */
static int set_up(void **state)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)state;
    sigaction(SIGPIPE, &ignore, NULL);
    outbound_global_init();
    return 0;
}
