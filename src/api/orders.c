/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders: create, get, list. Each flow waits once, for the store. Worker's thread.
 *
 * A create decodes the input, turns it into a row (money by its currency, the time not ahead), and leaves the customer, the message
 * and the transaction to the store.
 */
#include "api/orders.h"

#include "api/audit.h"
#include "api/get.h"
#include "api/idempotency.h"
#include "api/list.h"
#include "api/schemas.h"
#include "core/clock.h"
#include "core/currency.h"
#include "sms/sms.h"

/* How far a client's clock may be ahead of ours. */
#define AHEAD_MAX_MS (5 * 60 * 1000)

static step_fn order_created;

static void check_money(struct req *rq, struct order_input *input)
{
    int digits;
    if (!slice_present(input->currency)) input->currency = CURRENCY_DEFAULT;
    if (!currency_digits(input->currency, &digits)) {
        req_fault(rq, SLICE("/currency"), SLICE("currency"),
            SLICE("must be an ISO 4217 code in capitals"));
        return;
    }
    if (!slice_present(input->amount)) return;
    if (money_parse(input->amount, digits, &input->amount_minor)) return;
    req_fault(rq, SLICE("/amount"), SLICE("amount"),
        arena_format(&rq->arena,
            "must be a decimal of at least 0, with at most %d decimals, at most %lld minor units",
            digits, (long long)MONEY_MAX));
}

void order_input_refine(struct req *rq, void *row)
{
    struct order_input *input = row;
    int64_t now = clock_wall_ms();
    if (!input->time) input->time = now;
    check_money(rq, input);
    if (input->time <= now + AHEAD_MAX_MS) return;
    req_fault(rq, SLICE("/time"), SLICE("future"), SLICE("must not be more than 5 minutes ahead"));
}

static struct order make_row(const struct req *rq, const struct order_input *input)
{
    int64_t now = clock_wall_ms();
    return (struct order){
        .id = uuid_new(),
        .customer = input->customer,
        .item = input->item,
        .amount_minor = input->amount_minor,
        .currency = input->currency,
        .time = input->time,
        .external_ref = input->external_ref,
        .created_by = rq->identity->subject,
        .version = 1,
        .created_at = now,
        .updated_at = now,
    };
}

enum step order_create(struct req *rq)
{
    struct store_order_create *create = req_state(rq, struct store_order_create);
    struct order_input input = {0};
    if (!req_idempotency_key(rq, &create->key)) return STEP_DONE;
    if (!req_decode(rq, rq->route->takes(), &input)) return STEP_DONE;
    if (!texts_loaded(req_worker(rq)->api->composer->texts)) return req_fail(rq, ERR_UNAVAILABLE);
    create->row = make_row(rq, &input);
    create->message.id = uuid_new();
    create->base.verb = STORE_ORDER_CREATE;
    req_audit(rq, &create->base);
    return req_store(rq, &create->base, order_created);
}

static enum step order_created(struct req *rq)
{
    const struct store_order_create *create = rq->state;
    enum err err = create->base.op.err;
    if (err == ERR_UNKNOWN_CUSTOMER) {
        req_fault(
            rq, SLICE("/customer"), SLICE("unknown"), SLICE("there is no customer with this code"));
    }
    if (err == ERR_REF_TAKEN) {
        req_fault(rq, SLICE("/external_ref"), SLICE("taken"),
            SLICE("an order with this external_ref exists"));
    }
    if (err) return req_fail(rq, err);
    if (create->replay.hit) return req_replay(rq, &create->replay);
    req_created_fields(rq, create->row.id);
    return req_reply_row(rq, 201, rq->route->gives(), &create->row);
}

static struct slice order_owner(const struct store_get *get)
{
    return get->row.order.customer;
}

static int64_t order_version(const struct store_get *get)
{
    return get->row.order.version;
}

enum step order_get(struct req *rq)
{
    static const struct get_kind kind = {STORE_ORDER_GET, order_owner, order_version};
    return req_get(rq, &kind);
}

enum step order_list(struct req *rq)
{
    static const struct list_kind kind = {STORE_ORDER_LIST, sizeof(struct order), .counts = true};
    return req_list(rq, &kind);
}
