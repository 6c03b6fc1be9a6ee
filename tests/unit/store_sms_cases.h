/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on messages after they were made, for a store under test: claims, settlements, reports, what people do.
 */
#pragma once

#include "entry_sample.h"
#include "store_sample.h"

#define SENDER "AGIZO"
#define PHONE "+254700000001" /* of every customer of store_sample.h */
#define LEASE_MS 30000
#define DAY 20455 /* of NOW, since 1970 */

static inline struct store_outbox_claim *claim(struct fixture *fixture, int64_t now, size_t limit)
{
    struct store_outbox_claim *op = make(fixture, STORE_OUTBOX_CLAIM, sizeof(*op));
    op->now = now;
    op->lease_until = now + LEASE_MS;
    op->token = uuid_new();
    op->limit = limit;
    op->sender = SLICE(SENDER);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op;
}

static inline struct store_outbox_settle *new_settle(
    struct fixture *fixture, int64_t now, struct uuid token, const struct settlement *item)
{
    struct store_outbox_settle *op = make(fixture, STORE_OUTBOX_SETTLE, sizeof(*op));
    op->now = now;
    op->day = DAY;
    op->sender = SLICE(SENDER);
    op->token = token;
    op->items = item;
    op->count = 1;
    return op;
}

/* Claims the one message that is due and settles it as `item` says; returns its id. */
static inline struct uuid send_as(struct fixture *fixture, int64_t now, struct settlement item)
{
    struct store_outbox_claim *claimed = claim(fixture, now, 1);
    assert_int_equal(claimed->count, 1);
    item.id = claimed->messages[0].id;
    struct store_outbox_settle *op = new_settle(fixture, now, claimed->token, &item);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_int_equal(op->applied, 1);
    return item.id;
}

/* A message of customer C1, made and sent at `now`; provider_id may be NULL. */
static inline struct uuid add_sent(
    struct fixture *fixture, int64_t now, enum message_state state, const char *provider_id)
{
    add_order(fixture, "C1", now);
    return send_as(
        fixture, now, (struct settlement){.state = state, .provider_id = slice_of(provider_id)});
}

static inline struct store_outbox_sweep *sweep(struct fixture *fixture, int64_t now, bool count_all)
{
    struct store_outbox_sweep *op = make(fixture, STORE_OUTBOX_SWEEP, sizeof(*op));
    op->now = now;
    op->day = DAY;
    op->count_all = count_all;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op;
}

/* Its rank and state by the provider's word; to PHONE. */
static inline struct store_report_take *new_report(
    struct fixture *fixture, int64_t at, const char *provider_id, const char *status)
{
    static const struct report words[] = {
        {.status = {"Sent", 4}, .rank = REPORT_SENT, .state = MESSAGE_ACCEPTED},
        {.status = {"Buffered", 8}, .rank = REPORT_BUFFERED, .state = MESSAGE_ACCEPTED},
        {.status = {"AbsentSubscriber", 16}, .rank = REPORT_ABSENT, .state = MESSAGE_FAILED},
        {.status = {"Success", 7}, .rank = REPORT_FINAL, .state = MESSAGE_DELIVERED},
        {.status = {"Failed", 6}, .rank = REPORT_FINAL, .state = MESSAGE_FAILED},
        {.status = {NULL, 0}, .rank = REPORT_UNHEARD_OF, .state = MESSAGE_ACCEPTED},
    };
    struct store_report_take *op = make(fixture, STORE_REPORT_TAKE, sizeof(*op));
    const struct report *word = words;
    while (word->rank && !slice_equal(word->status, slice_of(status))) word++;
    op->report = *word;
    op->report.id = uuid_new();
    op->report.provider_id = slice_of(provider_id);
    op->report.status = slice_of(status);
    op->report.phone = SLICE(PHONE);
    op->report.received_at = at;
    return op;
}
