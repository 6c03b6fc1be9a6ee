/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher's thread: decides when to claim, when to ask the account, and when to stop.
 *
 * It wakes when a commit of this process queued a message (sms_nudge), when a retry is due, and at least every SWEEP_MS, because other
 * copies of the service queue messages too, and may die over them (sms/sweep.c). Whatever woke it, it looks at everything once at the end of the
 * loop's turn:
 *   results that wait ──→ settle      valve open, and maybe something queued ──→ claim (one at a time, for all free calls)
 *   account stopped and its pause over ──→ probe                  stopping and nothing on its way ──→ leave the loop
 * One claim at a time makes batches by itself: while it is on its way to the store, more calls end, and the next one fills them all.
 *
 * Messages that were claimed and not settled are bounded to twice the calls in flight, so that a store that takes claims but no
 * settlements cannot make it hoard.
 * Owner of struct sms: the thread that opens and closes it; the loop's thread in between.
 */
#include "sms/dispatcher.h"

#include "core/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sms/zone.h"

#define STORE_PAUSE_MS 500
/* After a loss of the store the sweep waits longer than anybody needs to settle what has ended meanwhile, here and in other copies: past its
 * lease, an answer that is known would be swept away as unknown. */
#define SWEEP_PAUSE_MS 3000
#define PROBE_ARENA_CAP (256 << 10)
#define SWEEP_ARENA_CAP (64 << 10)

static const struct {
    const char *name;
    struct gateway *(*open)(const struct config *config, struct loop *loop);
} gateways[] = {
    {"log", log_gateway_open},
    {"africastalking", africastalking_open},
};

void sms_look(struct sms *sms)
{
    defer_set(sms->loop, &sms->turn);
}

void sms_due(struct sms *sms, int64_t due_at)
{
    if (sms->next_due == 0 || due_at < sms->next_due) sms->next_due = due_at;
}

void sms_store_failed(struct sms *sms)
{
    int64_t now = clock_mono_ms();
    sms->store_at = now + STORE_PAUSE_MS;
    sms->sweep_at = now + SWEEP_PAUSE_MS;
}

static size_t room_for(struct sms *sms)
{
    size_t room = valve_room(&sms->valve, sms->calling, sms->in_flight);
    size_t most = 2 * sms->in_flight - sms->outstanding;
    if (sms->closing || sms->claiming || !sms->hungry || hold_forbids(sms)) return 0;
    return room < most ? room : most;
}

static void maybe_claim(struct sms *sms)
{
    if (sms->next_due && clock_wall_ms() >= sms->next_due) {
        sms->next_due = 0;
        sms->hungry = true;
    }
    size_t room = room_for(sms);
    size_t count = pace_take(&sms->pace, room, clock_mono_ms());
    sms->paced = count < room;
    if (count == 0) return;
    sms->hungry = false;
    batch_claim(sms, count);
}

static op_fn probed;

static void maybe_probe(struct sms *sms)
{
    if (!valve_tick(&sms->valve, clock_mono_ms()) || sms->probing || sms->closing) return;
    sms->probing = true;
    arena_reset(&sms->probe_arena);
    sms->probe = (struct gateway_probe){.arena = &sms->probe_arena};
    sms->gateway->probe(sms->gateway, &sms->probe, probed);
}

static void probed(struct op *op)
{
    struct sms *sms = CONTAINER_OF(op, struct sms, probe.op);
    sms->probing = false;
    valve_probed(&sms->valve, sms->probe.usable, sms->probe.why, clock_mono_ms());
    sms_look(sms);
}

static int64_t sooner(int64_t wait, int64_t other)
{
    return other < wait ? other : wait;
}

/* Milliseconds until something here is due; the poll comes in any case. While the store is left alone, or nothing new starts, the
 * times of valve and queue would only make the loop turn in vain. */
static int64_t wait_ms(const struct sms *sms)
{
    int64_t now = clock_mono_ms(), wait = SWEEP_MS;
    if (sms->store_at > now) return sooner(wait, sms->store_at - now);
    if (sms->closing) return wait;
    bool timed = sms->valve.state == VALVE_PAUSED || sms->valve.state == VALVE_STOPPED;
    if (timed && !sms->probing) wait = sooner(wait, sms->valve.until_ms - now);
    if (sms->next_due) wait = sooner(wait, sms->next_due - clock_wall_ms());
    if (sms->paced) wait = sooner(wait, pace_wait_ms(&sms->pace, now));
    return wait > 0 ? wait : 0;
}

static bool is_done(const struct sms *sms)
{
    if (sms->abandoned) return true;
    return sms->closing && sms->store_ops == 0 && list_empty(&sms->batches);
}

static void turn(struct defer *defer)
{
    struct sms *sms = CONTAINER_OF(defer, struct sms, turn);
    budget_day(&sms->budget, clock_wall_ms());
    maybe_probe(sms);
    if (clock_mono_ms() >= sms->store_at && !sms->abandoned) {
        batch_settle_all(sms);
        maybe_claim(sms);
    }
    hold_look(sms);
    if (is_done(sms)) {
        loop_stop(sms->loop);
    } else {
        timer_set(sms->loop, &sms->wake, wait_ms(sms));
    }
}

static void wake_due(struct timer *timer)
{
    sms_look(CONTAINER_OF(timer, struct sms, wake));
}

static void nudged(struct job *job)
{
    struct sms *sms = CONTAINER_OF(job, struct sms, nudge);
    atomic_store(
        &sms->nudged, false); /* before the look: what is queued from now on nudges again */
    sms->hungry = true;
    sms_look(sms);
}

void sms_nudge(struct sms *sms)
{
    if (!sms || atomic_exchange(&sms->nudged, true)) return;
    loop_post(sms->loop, &sms->nudge);
}

static void grace_over(struct timer *timer)
{
    struct sms *sms = CONTAINER_OF(timer, struct sms, grace);
    sms->abandoned = true;
    sms_look(sms);
}

static void drain_asked(struct job *job)
{
    struct sms *sms = CONTAINER_OF(job, struct sms, drain);
    sms->closing = true;
    sms_look(sms);
}

static void close_asked(struct job *job)
{
    struct sms *sms = CONTAINER_OF(job, struct sms, close);
    sms->closing = true;
    timer_set(sms->loop, &sms->grace, sms->grace_ms);
    sms_look(sms);
}

static void *run(void *context)
{
    struct sms *sms = context;
    pthread_setname_np(pthread_self(), "agizo-sms");
    loop_run(sms->loop);
    return NULL;
}

static struct slice state_label(unsigned value)
{
    return value < MESSAGE_STATE_COUNT ? message_state_text((enum message_state)value)
                                       : slice_absent();
}

static struct slice reason_label(unsigned value)
{
    bool holds = value > SMS_FLOWS && value <= SMS_DAY_SPENT;
    return holds ? sms_hold_text((enum sms_hold)value) : slice_absent();
}

static struct gateway *open_gateway(const struct config *config, struct loop *loop)
{
    for (size_t i = 0; i < ARRAY_LEN(gateways); i++) {
        if (strcmp(config->sms_gateway, gateways[i].name) == 0)
            return gateways[i].open(config, loop);
    }
    log_write(LOG_SERVICE_FAILED, LOG_TEXT("why", SLICE("AGIZO_SMS_GATEWAY names no gateway")));
    return NULL;
}

/* NULL, or what is wrong with the settings. */
static const char *init_limits(struct sms *sms, const struct config *config)
{
    int zone;
    pace_init(&sms->pace, config->sms_rate, config->sms_resume_rate, clock_mono_ms());
    if (!zone_parse(slice_of(config->sms_time_zone), &zone)) {
        return "AGIZO_SMS_TIME_ZONE is not like +03:00";
    }
    const char *fault = quiet_init(&sms->quiet, slice_of(config->sms_quiet_hours), zone);
    return fault ? fault : budget_init(&sms->budget, slice_of(config->sms_daily_cost), zone);
}

static void init(struct sms *sms, const struct config *config)
{
    sms->sender = slice_of(config->sms_sender);
    sms->day_logged = -1;
    status_init(&sms->status, slice_of(config->sms_gateway), sms->sender);
    sms->in_flight = (size_t)config->sms_in_flight;
    sms->lease_ms = config->sms_timeout * 1000 + LEASE_MARGIN_MS;
    sms->hungry = true;
    sms->nudge.run = nudged;
    sms->drain.run = drain_asked;
    sms->close.run = close_asked;
    list_init(&sms->batches);
    valve_init(&sms->valve);
    arena_init(&sms->probe_arena, PROBE_ARENA_CAP);
    arena_init(&sms->sweep_arena, SWEEP_ARENA_CAP);
    timer_init(&sms->wake, wake_due);
    timer_init(&sms->grace, grace_over);
    defer_init(&sms->turn, turn);
}

struct sms *sms_open(const struct config *config, struct store *store)
{
    struct sms *sms = memory_zeroed(sizeof(*sms));
    struct loop *loop = loop_new();
    const char *fault = init_limits(sms, config);
    if (fault) log_write(LOG_SERVICE_FAILED, LOG_TEXT("why", slice_of(fault)));
    struct gateway *gateway = fault ? NULL : open_gateway(config, loop);
    if (!gateway) {
        loop_free(loop);
        free(sms);
        return NULL;
    }
    init(sms, config);
    sms->loop = loop;
    sms->gateway = gateway;
    sms->link = store_link_new(store, loop);
    metrics_label("state", state_label);
    metrics_label("reason", reason_label);
    sweep_start(sms);
    sms_look(sms);
    check(pthread_create(&sms->thread, NULL, run, sms) == 0);
    return sms;
}

void sms_drain(struct sms *sms)
{
    loop_post(sms->loop, &sms->drain);
}

bool sms_close(struct sms *sms, int64_t grace_ms)
{
    sms->grace_ms = grace_ms;
    loop_post(sms->loop, &sms->close);
    check(pthread_join(sms->thread, NULL) == 0);
    if (sms->store_ops > 0) return false;
    sms->gateway->close(sms->gateway); /* before the batches, whose memory its calls are in */
    batch_free_all(sms);
    store_link_free(sms->link);
    loop_free(sms->loop);
    status_deinit(&sms->status);
    arena_deinit(&sms->probe_arena);
    arena_deinit(&sms->sweep_arena);
    free(sms);
    return true;
}
