/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One claim of messages under one fencing token, from the claim to the last settlement.
 *
 *   claim ──→ each message: call ──→ finished ──→ settled      the batch is freed with its last settlement
 *      │                                ↑   ↖ the store failed: again, until it takes them
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
    if (sms->closing || clock_mono_ms() - batch->asked_ms >= LEASE_MARGIN_MS) return false;
    return valve_room(&sms->valve, sms->calling, sms->in_flight) > 0;
}

static void claimed(struct op *op)
{
    struct batch *batch = CONTAINER_OF(op, struct batch, claim.base.op);
    struct sms *sms = batch->sms;
    const struct store_outbox_claim *claim = &batch->claim;
    sms->claiming = false;
    sms->store_ops--;
    sms_look(sms);
    if (op->err) sms_store_failed(sms);
    if (op->err || claim->count == claim->limit) sms->hungry = true;
    if (op->err || claim->count == 0) {
        free_batch(batch);
        return;
    }
    sms->outstanding += claim->count;
    batch->items = arena_alloc(&batch->arena, claim->count * sizeof(*batch->items));
    for (size_t i = 0; i < claim->count; i++) {
        if (may_call(batch)) {
            start_call(batch, &claim->messages[i]);
        } else {
            release(batch, &claim->messages[i]);
        }
    }
}

static void raise_alarm(const struct verdict *verdict)
{
    if (!(verdict->flags & VERDICT_ALARM)) return;
    log_write(LOG_SMS_FAULT, LOG_TEXT("why", verdict->reason),
        LOG_TEXT("answer", verdict->provider_status));
}

static void called(struct op *op)
{
    struct call *call = CONTAINER_OF(op, struct call, send.op);
    struct sms *sms = call->batch->sms;
    const struct verdict *verdict = &call->send.verdict;
    struct settlement item = outcome_settle(verdict, call->send.message, clock_wall_ms());
    sms->calling--;
    metrics_observe(METRIC_SMS_SECONDS, 0, (uint64_t)(clock_mono_us() - call->started_us));
    metrics_add(METRIC_SMS_SENDS, item.state, 0, 1);
    raise_alarm(verdict);
    valve_note(&sms->valve, verdict, clock_mono_ms());
    finish(call->batch, &item);
}

static void settle(struct batch *batch)
{
    arena_reset(&batch->settle_arena);
    batch->settling = batch->finished - batch->settled;
    batch->settle = (struct store_outbox_settle){
        .base = {.verb = STORE_OUTBOX_SETTLE, .arena = &batch->settle_arena},
        .now = clock_wall_ms(),
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
        LOG_TEXT("provider_id", item->provider_id), LOG_TEXT("why", item->failure));
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
    for (size_t i = 0; i < count && lost == 0; i++) log_item(&batch->items[batch->settled + i]);
    batch->settled += count;
    sms->outstanding -= count;
    if (batch->settled == batch->claim.count) free_batch(batch);
}
