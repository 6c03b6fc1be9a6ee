/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One claim of messages under one fencing token, from the claim to the last settlement.
 *
 *   claim ──→ each message: call ──→ finished ──→ settled      the batch is freed with its last settlement
 *      │                                ↑   ↖ the store failed: again, until it takes them
 *      ├── the recipient's quiet hours: put off, uncalled
 *      └── the valve has closed meanwhile: released, uncalled
 *
 * The claim commits `sending` before any call, so a process that dies leaves a message whose lease runs out, never one that looks
 * unsent. What finishes in one turn of the loop is settled together, in one operation per batch, because a settlement counts only
 * under its batch's token: a result that comes after the lease was lost is refused there.
 * `items` fills from the front: [0, settled) done, [settled, settled + settling) with the store, up to `finished` waiting.
 *
 * Runs on the dispatcher's loop. Messages, calls and verdicts live in the batch's arena; while the store settles it writes into an arena
 * of its own, because calls of the same batch may still be running.
 */
#include "core/clock.h"
#include "core/timestamp.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sms/dispatcher.h"
#include "sms/outcome.h"

/* A message with its call and answer takes some 4 KiB; past the cap an arena only sets a mark, which nobody asks for here. */
#define ARENA_CAP (16 << 20)

struct batch {
    struct list node;
    struct sms *sms;
    struct arena arena, settle_arena;
    struct store_outbox_claim claim;
    struct store_outbox_settle settle;
    struct settlement *items;
    size_t finished, settled, settling;
    int64_t asked_ms; /* monotonic; when the lease began, as seen from here */
};

/* One message of a batch, on its way through the gateway. */
struct call {
    struct gateway_send send;
    struct batch *batch;
    int64_t started_us;
};

static void free_batch(struct batch *batch)
{
    list_remove(&batch->node);
    arena_deinit(&batch->arena);
    arena_deinit(&batch->settle_arena);
    free(batch);
}

void batch_free_all(struct sms *sms)
{
    while (!list_empty(&sms->batches)) {
        free_batch(CONTAINER_OF(sms->batches.next, struct batch, node));
    }
}

static op_fn claimed, called, settled;

void batch_claim(struct sms *sms, size_t limit)
{
    int64_t now = clock_wall_ms();
    struct batch *batch = memory_zeroed(sizeof(*batch));
    batch->sms = sms;
    batch->asked_ms = clock_mono_ms();
    arena_init(&batch->arena, ARENA_CAP);
    arena_init(&batch->settle_arena, ARENA_CAP);
    list_append(&sms->batches, &batch->node);
    batch->claim = (struct store_outbox_claim){
        .base = {.verb = STORE_OUTBOX_CLAIM, .arena = &batch->arena},
        .now = now,
        .lease_until = now + sms->lease_ms,
        .token = uuid_new(),
        .limit = limit,
        .sender = sms->sender,
    };
    sms->claiming = true;
    sms->store_ops++;
    store_submit(sms->link, &batch->claim.base, claimed);
}

static void finish(struct batch *batch, const struct settlement *item)
{
    batch->items[batch->finished++] = *item;
    if (item->state == MESSAGE_QUEUED) sms_due(batch->sms, item->due_at);
    sms_look(batch->sms);
}

static void start_call(struct batch *batch, const struct message *message)
{
    struct sms *sms = batch->sms;
    struct call *call = arena_alloc(&batch->arena, sizeof(*call));
    call->batch = batch;
    call->started_us = clock_mono_us();
    call->send.message = message;
    call->send.arena = &batch->arena;
    sms->calling++;
    sms->gateway->send(sms->gateway, &call->send, called);
}

static void release(struct batch *batch, const struct message *message)
{
    struct settlement item = outcome_release(message, clock_wall_ms());
    finish(batch, &item);
}

/* The valve may have closed, and the service may be stopping, since the claim went out. And the store may have answered so late, or this
 * process have been stopped for so long, that the lease would end during the call. */
static bool may_call(const struct batch *batch)
{
    const struct sms *sms = batch->sms;
    if (sms->closing || hold_forbids(sms)) return false;
    if (clock_mono_ms() - batch->asked_ms >= LEASE_MARGIN_MS) return false;
    return valve_room(&sms->valve, sms->calling, sms->in_flight) > 0;
}

/* The message waits until its recipient's quiet hours are over. */
static void put_off(struct batch *batch, const struct message *message, int64_t until)
{
    char text[TIMESTAMP_LEN];
    timestamp_format(until, text);
    struct slice why = arena_format(&batch->arena, "quiet hours until %.*s", TIMESTAMP_LEN, text);
    struct settlement item = outcome_put_off(message, until, why);
    metrics_add(METRIC_SMS_QUIET, 0, 0, 1);
    finish(batch, &item);
}

/* Hands the claimed messages over; returns how many. */
static size_t start_calls(struct batch *batch)
{
    const struct store_outbox_claim *claim = &batch->claim;
    int64_t now = clock_wall_ms();
    size_t started = 0;
    for (size_t i = 0; i < claim->count; i++) {
        const struct message *message = &claim->messages[i];
        int64_t until = quiet_until(&batch->sms->quiet, message->to, now);
        if (until) {
            put_off(batch, message, until);
        } else if (may_call(batch)) {
            start_call(batch, message);
            started++;
        } else {
            release(batch, message);
        }
    }
    return started;
}

/* A claim that was not filled has reached the end of the queue. */
static void note_claim(struct sms *sms, const struct store_outbox_claim *claim, enum err err)
{
    bool filled = claim->count + claim->suppressed >= claim->limit;
    if (err) sms_store_failed(sms);
    if (err || filled) {
        sms->hungry = true;
    } else {
        pace_caught_up(&sms->pace);
    }
    if (!err) metrics_add(METRIC_SMS_SUPPRESSED, 0, 0, claim->suppressed);
}

static void claimed(struct op *op)
{
    struct batch *batch = CONTAINER_OF(op, struct batch, claim.base.op);
    struct sms *sms = batch->sms;
    const struct store_outbox_claim *claim = &batch->claim;
    sms->claiming = false;
    sms->store_ops--;
    sms_look(sms);
    note_claim(sms, claim, op->err);
    if (op->err || claim->count == 0) {
        pace_return(&sms->pace, claim->limit);
        free_batch(batch);
        return;
    }
    sms->outstanding += claim->count;
    batch->items = arena_alloc(&batch->arena, claim->count * sizeof(*batch->items));
    pace_return(&sms->pace, claim->limit - start_calls(batch));
}

static void raise_alarm(const struct verdict *verdict)
{
    if (!(verdict->flags & VERDICT_ALARM)) return;
    log_write(LOG_SMS_FAULT, LOG_TEXT("why", verdict->reason),
        LOG_TEXT("answer", verdict->provider_status));
}

/* An account that works again has a long queue behind it. */
static void note_verdict(struct sms *sms, const struct verdict *verdict)
{
    bool stopped = sms->valve.account;
    valve_note(&sms->valve, verdict, clock_mono_ms());
    if (stopped && !sms->valve.account) pace_resume(&sms->pace);
}

static void called(struct op *op)
{
    struct call *call = CONTAINER_OF(op, struct call, send.op);
    struct sms *sms = call->batch->sms;
    const struct verdict *verdict = &call->send.verdict;
    struct settlement item = outcome_settle(verdict, call->send.message, clock_wall_ms());
    item.price = budget_note(&sms->budget, verdict->cost, item.state == MESSAGE_ACCEPTED);
    sms->calling--;
    metrics_observe(METRIC_SMS_SECONDS, 0, (uint64_t)(clock_mono_us() - call->started_us));
    metrics_add(METRIC_SMS_SENDS, item.state, 0, 1);
    raise_alarm(verdict);
    note_verdict(sms, verdict);
    finish(call->batch, &item);
}

static void settle(struct batch *batch)
{
    int64_t now = clock_wall_ms();
    arena_reset(&batch->settle_arena);
    batch->settling = batch->finished - batch->settled;
    batch->settle = (struct store_outbox_settle){
        .base = {.verb = STORE_OUTBOX_SETTLE, .arena = &batch->settle_arena},
        .now = now,
        .day = budget_day(&batch->sms->budget, now),
        .sender = batch->sms->sender,
        .token = batch->claim.token,
        .items = batch->items + batch->settled,
        .count = batch->settling,
    };
    batch->sms->store_ops++;
    store_submit(batch->sms->link, &batch->settle.base, settled);
}

void batch_settle_all(struct sms *sms)
{
    list_for_each (node, &sms->batches) {
        struct batch *batch = CONTAINER_OF(node, struct batch, node);
        if (!batch->settling && batch->finished > batch->settled) settle(batch);
    }
}

/* Which items a lost lease concerned is not known, so this is for operations that were applied whole. */
static void log_item(const struct settlement *item)
{
    char id[UUID_TEXT_LEN];
    uuid_format(item->id, id);
    log_write(LOG_SMS_SETTLED, LOG_TEXT("message", ((struct slice){id, sizeof(id)})),
        LOG_TEXT("state", message_state_text(item->state)),
        LOG_TEXT("provider_id", item->provider_id),
        LOG_TEXT("why", item->failure.len > 0 ? item->failure : slice_absent()));
}

static void settled(struct op *op)
{
    struct batch *batch = CONTAINER_OF(op, struct batch, settle.base.op);
    struct sms *sms = batch->sms;
    size_t count = batch->settling, lost = batch->settle.count - batch->settle.applied;
    batch->settling = 0;
    sms->store_ops--;
    sms_look(sms);
    if (op->err) {
        sms_store_failed(sms);
        return;
    }
    if (lost > 0) log_write(LOG_SMS_LEASE_LOST, LOG_NUMBER("messages", lost));
    for (size_t i = 0; i < count; i++) {
        const struct settlement *item = &batch->items[batch->settled + i];
        budget_settled(&sms->budget, item->price);
        if (lost == 0) log_item(item);
    }
    batch->settled += count;
    sms->outstanding -= count;
    if (batch->settled == batch->claim.count) free_batch(batch);
}
