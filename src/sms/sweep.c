/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The look at the store, every SWEEP_MS: leases that are over, reports that wait, the queue, the day's spending, the switch.
 *
 * It is how a copy of the service learns what the others did: within a second a switch that another one set is heeded here. The queue is
 * counted each COUNT_MS while it is short; a long one costs time to count, so it is counted less often, and in between a claim is
 * worth a try.
 *
 * Runs on the dispatcher's loop. After an error the store is left alone for longer than the claims are: see dispatcher.c.
 */
#include "core/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sms/dispatcher.h"

#define COUNT_MS 1000
#define LONG_QUEUE 50000
#define COUNT_LONG_MS 15000

static op_fn swept;

static void sweep_due(struct timer *timer)
{
    struct sms *sms = CONTAINER_OF(timer, struct sms, poll);
    int64_t now = clock_wall_ms(), mono = clock_mono_ms();
    timer_set(sms->loop, timer, SWEEP_MS);
    if (sms->sweeping || sms->closing || mono < sms->sweep_at) return;
    sms->sweeping = true;
    sms->store_ops++;
    arena_reset(&sms->sweep_arena);
    sms->sweep = (struct store_outbox_sweep){
        .base = {.verb = STORE_OUTBOX_SWEEP, .arena = &sms->sweep_arena},
        .now = now,
        .day = budget_day(&sms->budget, now),
        .count_all = mono >= sms->count_at,
    };
    budget_asked(&sms->budget);
    hold_asked(sms);
    store_submit(sms->link, &sms->sweep.base, swept);
}

void sweep_start(struct sms *sms)
{
    timer_init(&sms->poll, sweep_due);
    timer_set(sms->loop, &sms->poll, 0);
}

static void take_queue(struct sms *sms, const struct store_outbox_sweep *sweep)
{
    int64_t oldest = sweep->oldest_due;
    bool waits = oldest > 0 && oldest < sweep->now;
    if (!sweep->count_all || sweep->depth < 0) {
        if (sms->long_queue) sms->hungry = true;
        return;
    }
    sms->long_queue = sweep->depth > LONG_QUEUE;
    sms->count_at = clock_mono_ms() + (sms->long_queue ? COUNT_LONG_MS : COUNT_MS);
    metrics_set(METRIC_OUTBOX_DEPTH, 0, sweep->depth);
    metrics_set(METRIC_OUTBOX_AGE, 0, waits ? (sweep->now - oldest) / 1000 : 0);
    status_queue(&sms->status, sweep->depth, oldest);
    if (oldest > 0) sms_due(sms, oldest);
    if (sweep->next_due > 0) sms_due(sms, sweep->next_due);
}

static void swept(struct op *op)
{
    struct sms *sms = CONTAINER_OF(op, struct sms, sweep.base.op);
    const struct store_outbox_sweep *sweep = &sms->sweep;
    sms->sweeping = false;
    sms->store_ops--;
    sms_look(sms);
    if (op->err) {
        sms_store_failed(sms);
        return;
    }
    hold_told(sms, sweep);
    budget_told(&sms->budget, sweep->day, sweep->spent);
    metrics_set(METRIC_SMS_SPENT, 0, budget_spent(&sms->budget));
    metrics_add(METRIC_SMS_LOST, 0, 0, (uint64_t)sweep->lost);
    metrics_add(METRIC_SMS_EXPIRED, 0, 0, (uint64_t)sweep->expired);
    if (sweep->lost > 0) log_write(LOG_SMS_LEASE_LOST, LOG_NUMBER("messages", sweep->lost));
    take_queue(sms, sweep);
}
