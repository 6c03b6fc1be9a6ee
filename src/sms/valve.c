/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pauses, account stops and cautious resumption.
 *
 *            429, 503, unreachable             time is over
 *   OPEN ─────────────────────────→ PAUSED ──────────────────→ TRIAL ──→ OPEN (a clear answer)
 *     │      account refused                   probe is good      │ ↖ OPEN (a call ended unknown)
 *     └───────────────────────────→ STOPPED ─────────────────→ TRIAL     (an unknown one stays)
 *                                   STOPPED → STOPPED (probe is bad: longer)
 *   TRIAL → PAUSED or STOPPED again, each time longer
 *
 * So an unwell gateway costs one call per pause, not one per message; and while calls end unknown only one message at a time is put at
 * risk. Answers that arrive late, while the valve is paused or stopped, change nothing.
 *
 * Runs on the dispatcher's loop. Pauses are jittered, so that copies of the service do not come back together.
 */
#include "sms/valve.h"

#include "core/random.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sms/outcome.h"

/* A gateway that is back is noticed within the cap; an account is mended by people. */
#define PAUSE_BASE_MS INT64_C(1000)
#define PAUSE_CAP_MS INT64_C(30000)
#define STOP_BASE_MS INT64_C(2000)
#define STOP_CAP_MS INT64_C(300000)

void valve_init(struct valve *valve)
{
    *valve = (struct valve){.state = VALVE_OPEN};
    metrics_set(METRIC_SMS_STOPPED, 0, 0);
}

/* Between half and all of the back-off. */
static int64_t longer(struct valve *valve, int64_t base_ms, int64_t cap_ms)
{
    int64_t most = outcome_backoff_ms(++valve->strikes, base_ms, cap_ms);
    return most / 2 + (int64_t)random_below((uint64_t)(most / 2) + 1);
}

static void stop(struct valve *valve, struct slice why, int64_t now_ms)
{
    if (valve->state == VALVE_STOPPED) return;
    valve->state = VALVE_STOPPED;
    valve->why = why;
    valve->until_ms = now_ms + longer(valve, STOP_BASE_MS, STOP_CAP_MS);
    if (valve->account) return;
    valve->account = true;
    metrics_set(METRIC_SMS_STOPPED, 0, 1);
    log_write(LOG_SMS_ACCOUNT_STOPPED, LOG_TEXT("why", why));
}

/* A pause as long as the gateway asked may be made longer by the next such answer, never shorter. */
static void pause_sending(struct valve *valve, const struct verdict *verdict, int64_t now_ms)
{
    bool first = valve->state != VALVE_PAUSED;
    if (valve->state == VALVE_STOPPED) return;
    valve->state = VALVE_PAUSED;
    valve->why = verdict->reason;
    if (verdict->retry_after_ms >= 0) {
        int64_t until_ms = now_ms + verdict->retry_after_ms;
        if (first || until_ms > valve->until_ms) valve->until_ms = until_ms;
    } else if (first) {
        valve->until_ms = now_ms + longer(valve, PAUSE_BASE_MS, PAUSE_CAP_MS);
    }
}

static void open_again(struct valve *valve)
{
    bool stopped = valve->account;
    if (valve->state != VALVE_TRIAL) return;
    valve_init(valve);
    if (stopped) log_event(LOG_SMS_ACCOUNT_RESUMED);
}

void valve_note(struct valve *valve, const struct verdict *verdict, int64_t now_ms)
{
    if (verdict->class == VERDICT_ACCOUNT_STOP) {
        stop(valve, verdict->reason, now_ms);
    } else if (verdict->flags & VERDICT_SLOW) {
        pause_sending(valve, verdict, now_ms);
    } else if (verdict->class != VERDICT_UNKNOWN) {
        open_again(valve);
    } else if (valve->state == VALVE_OPEN) {
        valve->state = VALVE_TRIAL;
        valve->why = verdict->reason;
    }
}

void valve_probed(struct valve *valve, bool usable, const char *why, int64_t now_ms)
{
    if (usable) {
        valve->state = VALVE_TRIAL;
        return;
    }
    valve->until_ms = now_ms + longer(valve, STOP_BASE_MS, STOP_CAP_MS);
    valve->why = slice_of(why);
    log_write(LOG_SMS_FAULT, LOG_TEXT("why", valve->why));
}

bool valve_tick(struct valve *valve, int64_t now_ms)
{
    bool over = now_ms >= valve->until_ms;
    if (valve->state == VALVE_PAUSED && over) valve->state = VALVE_TRIAL;
    return valve->state == VALVE_STOPPED && over;
}

size_t valve_room(const struct valve *valve, size_t calling, size_t limit)
{
    if (valve->state == VALVE_TRIAL) return calling == 0;
    if (valve->state != VALVE_OPEN || calling >= limit) return 0;
    return limit - calling;
}
