/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a test of the dispatcher begins.
 */
#pragma once

#include "dispatcher_gateway.h"
#include "dispatcher_store.h"
#include "dispatcher_wait.h"
#include "sms/sms.h"

static void queue_messages(size_t count)
{
    pthread_mutex_lock(&fake.mutex);
    for (size_t i = 0; i < count; i++) {
        fake.rows[fake.count++] = (struct message){
            .id = uuid_new(),
            .to = SLICE("+254712345678"),
            .body = SLICE("text"),
            .state = MESSAGE_QUEUED,
            .due_at = clock_wall_ms() - 1,
        };
    }
    pthread_mutex_unlock(&fake.mutex);
}

static const struct config config = {
    .sms_gateway = "africastalking",
    .at_username = "sandbox",
    .at_api_key = "key",
    .at_url = "",
    .sms_sender = "",
    .sms_in_flight = 4,
    .sms_timeout = 30,
    .sms_quiet_hours = "",
    .sms_time_zone = "+03:00",
    .sms_daily_cost = "",
};

/* `steps` end with a row of zeros. */
static struct sms *begin_with(
    const struct config *settings, size_t messages, const struct step *steps)
{
    pthread_mutex_lock(&fake.mutex);
    fake.count = fake.held_count = 0;
    fake.failing_claims = fake.failing_settles = fake.failing_sweeps = 0;
    fake.claims = fake.settles = fake.sweeps = 0;
    fake.sends = fake.probes = fake.peak = 0;
    fake.steal = fake.hang = fake.halted = false;
    fake.depth = fake.spent = fake.uncounted = 0;
    fake.steps = steps;
    pthread_mutex_unlock(&fake.mutex);
    queue_messages(messages);
    struct sms *sms = sms_open(settings, NULL);
    assert_non_null(sms);
    return sms;
}

static struct sms *begin(size_t messages, const struct step *steps)
{
    return begin_with(&config, messages, steps);
}
