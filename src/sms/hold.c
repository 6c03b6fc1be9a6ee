/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why nothing is sent: the switch, the account, the day's cost, or the gateway, in this order where several hold.
 *
 * Runs on the dispatcher's loop, but for sms_halt() and sms_status(), which any thread calls: the switch is one atomic number, the rest
 * is read from the published picture (sms/status.h).
 */
#include "core/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sms/dispatcher.h"

#define HALTED 1U
#define ONE_SETTING 2U

static const struct {
    const char *text;
    const char *why; /* NULL: the valve knows */
} holds[] = {
    [SMS_FLOWS] = {"flows", NULL},
    [SMS_PAUSED] = {"paused", NULL},
    [SMS_STOPPED] = {"stopped", NULL},
    [SMS_TRIAL] = {"trial", NULL},
    [SMS_HALTED] = {"halted", "sending is switched off"},
    [SMS_DAY_SPENT] = {"day_spent", "what may be spent on SMS in a day is spent"},
};

static const enum sms_hold by_valve[] = {
    [VALVE_OPEN] = SMS_FLOWS,
    [VALVE_PAUSED] = SMS_PAUSED,
    [VALVE_STOPPED] = SMS_STOPPED,
    [VALVE_TRIAL] = SMS_TRIAL,
};

struct slice sms_hold_text(enum sms_hold hold)
{
    return slice_of(holds[hold].text);
}

static bool is_halted(const struct sms *sms)
{
    return atomic_load(&sms->halting) & HALTED;
}

bool hold_forbids(const struct sms *sms)
{
    return !sms->told || is_halted(sms) || budget_is_spent(&sms->budget) ||
           budget_waits(&sms->budget);
}

static enum sms_hold find_hold(const struct sms *sms)
{
    if (is_halted(sms)) return SMS_HALTED;
    if (sms->valve.state == VALVE_STOPPED) return SMS_STOPPED;
    if (budget_is_spent(&sms->budget)) return SMS_DAY_SPENT;
    return by_valve[sms->valve.state];
}

/* The valve tells of its own stops. */
static void log_change(struct sms *sms, enum sms_hold hold)
{
    if (sms->hold == SMS_HALTED) log_event(LOG_SMS_SWITCHED_ON);
    if (hold == SMS_HALTED) log_event(LOG_SMS_SWITCHED_OFF);
    if (hold == SMS_DAY_SPENT && sms->day_logged != sms->budget.day) {
        sms->day_logged = sms->budget.day;
        log_event(LOG_SMS_DAY_SPENT);
    }
}

static void change_hold(struct sms *sms, enum sms_hold hold)
{
    log_change(sms, hold);
    if (sms->hold == SMS_FLOWS) sms->held_since = clock_wall_ms();
    if (hold == SMS_FLOWS) sms->held_since = 0;
    sms->hold = hold;
    for (unsigned i = SMS_FLOWS + 1; i < ARRAY_LEN(holds); i++) {
        metrics_set(METRIC_SMS_HOLD, i, i == hold);
    }
}

void hold_look(struct sms *sms)
{
    enum sms_hold hold = find_hold(sms);
    if (hold != sms->hold) change_hold(sms, hold);
    const char *why = holds[hold].why;
    struct sms_status now = {
        .hold = hold,
        .why = why ? slice_of(why) : sms->valve.why,
        .since = sms->held_since,
        .in_flight = (int64_t)sms->calling,
        .rate = pace_rate(&sms->pace),
        .spent = budget_spent(&sms->budget),
        .day_cap = sms->budget.cap,
        .currency = budget_currency(&sms->budget),
    };
    status_publish(&sms->status, &now);
}

/* Who switches off what is off changes nothing. */
void sms_halt(struct sms *sms, int64_t at, struct slice by)
{
    if (!sms) return;
    unsigned halted = at ? HALTED : 0;
    unsigned was = atomic_load(&sms->halting);
    unsigned now;
    do {
        now = ((was & ~HALTED) + ONE_SETTING) | halted;
    } while (!atomic_compare_exchange_weak(&sms->halting, &was, now));
    if ((was & HALTED) != halted) status_halted(&sms->status, at, at ? by : slice_absent());
    sms_nudge(sms);
}

void hold_asked(struct sms *sms)
{
    sms->halting_asked = atomic_load(&sms->halting);
}

void hold_told(struct sms *sms, const struct store_outbox_sweep *sweep)
{
    unsigned asked = sms->halting_asked;
    unsigned told = (asked & ~HALTED) | (sweep->halted ? HALTED : 0);
    sms->told = true;
    if (!atomic_compare_exchange_strong(&sms->halting, &asked, told)) return;
    if (told != asked) sms->hungry = true;
    status_halted(&sms->status, sweep->halted ? sweep->halted_at : 0, sweep->halted_by);
}

void sms_status(struct sms *sms, struct arena *arena, struct sms_status *out)
{
    status_read(&sms->status, arena, out);
}
