/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of the tests of the dispatcher: rows in memory, under the mutex of dispatcher_fake.h.
 */
#pragma once

#include "dispatcher_fake.h"

struct store_link *store_link_new(struct store *store, struct loop *loop)
{
    struct store_link *link = memory_zeroed(sizeof(*link));
    (void)store;
    link->loop = loop;
    return link;
}

void store_link_free(struct store_link *link)
{
    free(link);
}

static enum err claim(struct store_outbox_claim *op)
{
    fake.claims++;
    atomic_fetch_add(&mono_moved_ms, fake.slow_claim_ms);
    fake.slow_claim_ms = 0;
    if (fake.failing_claims > 0 && fake.failing_claims--) return ERR_UNAVAILABLE;
    op->messages = arena_alloc(op->base.arena, op->limit * sizeof(*op->messages));
    for (size_t i = 0; i < fake.count && op->count < op->limit; i++) {
        struct message *row = &fake.rows[i];
        if (row->state != MESSAGE_QUEUED || row->due_at > op->now) continue;
        row->state = MESSAGE_SENDING;
        row->attempts++;
        fake.tokens[i] = op->token;
        fake.leases[i] = op->lease_until;
        fake.leased_ms = op->lease_until - op->now;
        op->messages[op->count++] = *row;
    }
    return ERR_OK;
}

static bool settle_row(const struct settlement *item, struct uuid token)
{
    for (size_t i = 0; i < fake.count; i++) {
        struct message *row = &fake.rows[i];
        if (!uuid_equal(row->id, item->id) || !uuid_equal(fake.tokens[i], token)) continue;
        if (row->state != MESSAGE_SENDING) continue;
        row->state = item->state;
        row->due_at = item->due_at;
        row->sent_at = item->sent_at;
        row->failure = item->failure.len > 0 ? SLICE("some") : slice_absent();
        fake.suppress[i] = item->suppress;
        fake.spent += item->price;
        if (item->attempt_refunded) row->attempts--;
        return true;
    }
    return false;
}

static enum err settle(struct store_outbox_settle *op)
{
    fake.settles++;
    if (op->day != fake.spent_day) fake.spent = 0;
    fake.spent_day = op->day;
    if (fake.failing_settles > 0 && fake.failing_settles--) return ERR_UNAVAILABLE;
    for (size_t i = 0; i < op->count; i++) op->applied += settle_row(&op->items[i], op->token);
    return ERR_OK;
}

static enum err sweep(struct store_outbox_sweep *op)
{
    fake.swept_at_ms[fake.sweeps++ % ROWS_MAX] = clock_mono_ms();
    if (fake.failing_sweeps > 0 && fake.failing_sweeps--) return ERR_UNAVAILABLE;
    op->spent = op->day == fake.spent_day ? fake.spent : 0;
    op->halted = fake.halted;
    op->halted_at = 7;
    op->halted_by = SLICE("clerk");
    fake.uncounted += !op->count_all;
    if (op->count_all) op->depth = fake.depth;
    for (size_t i = 0; i < fake.count; i++) {
        struct message *row = &fake.rows[i];
        if (row->state == MESSAGE_SENDING && fake.leases[i] <= op->now) {
            row->state = MESSAGE_UNKNOWN;
        }
        if (row->state != MESSAGE_QUEUED) continue;
        if (op->count_all) op->depth++;
        if (!op->count_all) continue;
        if (op->oldest_due == 0 || row->due_at < op->oldest_due) op->oldest_due = row->due_at;
    }
    return ERR_OK;
}

void store_submit(struct store_link *link, struct store_op *op, op_fn *done)
{
    enum err err = ERR_INTERNAL;
    op_start(&op->op, link->loop, done);
    pthread_mutex_lock(&fake.mutex);
    if (op->verb == STORE_OUTBOX_CLAIM) {
        err = claim(CONTAINER_OF(op, struct store_outbox_claim, base));
    } else if (op->verb == STORE_OUTBOX_SETTLE) {
        err = settle(CONTAINER_OF(op, struct store_outbox_settle, base));
    } else if (op->verb == STORE_OUTBOX_SWEEP) {
        err = sweep(CONTAINER_OF(op, struct store_outbox_sweep, base));
    }
    pthread_cond_broadcast(&fake.changed);
    bool hangs = fake.hang && op->verb == STORE_OUTBOX_SETTLE;
    pthread_mutex_unlock(&fake.mutex);
    if (!hangs) op_complete(&op->op, err);
}
