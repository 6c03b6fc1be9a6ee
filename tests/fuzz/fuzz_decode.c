/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request bodies against their schemas: what is accepted is within the table's bounds, what is refused gets a problem document.
 *
 * The first byte chooses the schema, the rest is the body.
 */
#include "../unit/request_fixture.h"

#include "api/api.h"
#include "api/orders.h"
#include "api/schemas.h"
#include "core/currency.h"
#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct slice text, size_t least, size_t most)
{
    check(utf8_valid(text) && utf8_length(text) >= least && utf8_length(text) <= most);
    check(text.len == 0 || !memchr(text.ptr, '\0', text.len));
}

static void judge_refusal(const struct req *rq)
{
    const char *fault;
    CLEANUP(json_release)
    json_t *problem = json_decode(buf_slice(&rq->reply.body), 4, &fault);
    check(rq->phase == REQ_REPLY && json_is_object(problem));
    check(rq->reply.status == 400 || rq->reply.status == 422);
}

static void read_customer(struct req *rq)
{
    struct customer row = {.version = 0};
    if (!req_decode(rq, customer_schema(), &row)) {
        judge_refusal(rq);
        return;
    }
    check_text(row.code, 1, 64);
    check_text(row.name, 1, 200);
    if (slice_present(row.phone)) check(row.phone.len >= 9 && row.phone.ptr[0] == '+');
    check(row.version == 0 && row.created_at == 0);
}

static void read_order(struct req *rq)
{
    int digits;
    struct order_input input = {.time = 0};
    if (!req_decode(rq, order_input_schema(), &input)) {
        judge_refusal(rq);
        return;
    }
    check_text(input.customer, 1, 64);
    check_text(input.item, 1, 200);
    check(input.amount_minor >= 0 && input.amount_minor <= MONEY_MAX);
    check(currency_digits(input.currency, &digits) && input.time > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct api api;
    static struct api_worker worker = {.api = &api};
    struct req rq;
    if (size < 1) return 0;
    request_init(&rq);
    rq.app = &worker;
    buf_put(&rq.body, (struct slice){(const char *)data + 1, size - 1});
    if (data[0] == 'c') {
        read_customer(&rq);
    } else {
        read_order(&rq);
    }
    request_deinit(&rq);
    return 0;
}
