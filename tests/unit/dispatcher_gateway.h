/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway of the tests of the dispatcher: calls are answered at once, in order of a script, or held until the test lets them go.
 */
#pragma once

#include "dispatcher_fake.h"

#define ACCEPTED                                                                                   \
    "{\"SMSMessageData\":{\"Message\":\"\",\"Recipients\":[{\"statusCode\":102,\"number\":\"x\","  \
    "\"status\":\"Queued\",\"cost\":\"KES 0.8000\",\"messageId\":\"ATXid_1\"}]}}"
#define BLOCKED                                                                                    \
    "{\"SMSMessageData\":{\"Message\":\"\",\"Recipients\":[{\"statusCode\":406,\"number\":\"x\","  \
    "\"status\":\"UserInBlacklist\",\"cost\":\"0\",\"messageId\":\"None\"}]}}"
#define BALANCE "{\"UserData\":{\"balance\":\"KES 9.00\"}}"
#define NO_BALANCE "{\"UserData\":{\"balance\":\"KES 0.00\"}}"

static struct loop *outbound_loop;

struct outbound *outbound_new(struct loop *loop, long connections_max, const char *ca_file)
{
    (void)connections_max;
    (void)ca_file;
    outbound_loop = loop;
    return NULL;
}

void outbound_free(struct outbound *outbound)
{
    (void)outbound;
}

static void answer(struct outbound_call *call, const struct step *step)
{
    call->result = step->result;
    call->status = step->status;
    call->reply = slice_of(step->body);
    call->retry_after_ms = -1;
    op_complete(&call->op, ERR_OK);
}

void outbound_start(struct outbound *outbound, struct outbound_call *call, op_fn *done)
{
    (void)outbound;
    op_start(&call->op, outbound_loop, done);
    pthread_mutex_lock(&fake.mutex);
    if (slice_present(call->body)) {
        fake.sent_at_ms[fake.sends++ % ROWS_MAX] = clock_mono_ms();
    } else {
        fake.probes++;
    }
    if (fake.steal) memset(fake.tokens, 0, sizeof(fake.tokens));
    const struct step *step = fake.steps;
    if (step[1].result || step[1].status) fake.steps++;
    if (step->hold) {
        fake.held[fake.held_count++] = call;
        if ((int)fake.held_count > fake.peak) fake.peak = (int)fake.held_count;
    } else {
        answer(call, step);
    }
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.mutex);
}

static void let_go(const struct step *step)
{
    pthread_mutex_lock(&fake.mutex);
    while (fake.held_count > 0) answer(fake.held[--fake.held_count], step);
    pthread_mutex_unlock(&fake.mutex);
}

static const struct step good[] = {{OUTBOUND_ANSWERED, 201, ACCEPTED, false}, {0}};
