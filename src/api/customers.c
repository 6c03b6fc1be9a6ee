/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Customers: create, get, list. Each flow waits once, for the store. Worker's thread.
 */
#include "api/customers.h"

#include "api/audit.h"
#include "api/get.h"
#include "api/idempotency.h"
#include "api/list.h"
#include "core/clock.h"

static step_fn customer_created;

enum step customer_create(struct req *rq)
{
    struct store_customer_create *create = req_state(rq, struct store_customer_create);
    struct customer *row = &create->row;
    if (!req_idempotency_key(rq, &create->key)) return STEP_DONE;
    if (!req_decode(rq, rq->route->takes(), row)) return STEP_DONE;
    row->id = uuid_new();
    row->version = 1;
    row->created_at = row->updated_at = clock_wall_ms();
    create->base.verb = STORE_CUSTOMER_CREATE;
    req_audit(rq, &create->base);
    return req_store(rq, &create->base, customer_created);
}

static enum step customer_created(struct req *rq)
{
    const struct store_customer_create *create = rq->state;
    if (create->base.op.err == ERR_CODE_TAKEN) {
        req_fault(rq, SLICE("/code"), SLICE("taken"), SLICE("a customer with this code exists"));
    }
    if (create->base.op.err) return req_fail(rq, create->base.op.err);
    if (create->replay.hit) return req_replay(rq, &create->replay);
    req_created_fields(rq, create->row.id);
    return req_reply_row(rq, 201, rq->route->gives(), &create->row);
}

static struct slice customer_owner(const struct store_get *get)
{
    return get->row.customer.code;
}

static int64_t customer_version(const struct store_get *get)
{
    return get->row.customer.version;
}

enum step customer_get(struct req *rq)
{
    static const struct get_kind kind = {STORE_CUSTOMER_GET, customer_owner, customer_version};
    return req_get(rq, &kind);
}

enum step customer_list(struct req *rq)
{
    static const struct list_kind kind = {
        STORE_CUSTOMER_LIST, sizeof(struct customer), .counts = true};
    return req_list(rq, &kind);
}
