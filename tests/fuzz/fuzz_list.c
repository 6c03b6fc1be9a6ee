/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries of the lists: what is accepted asks the store within bounds, and a customer asks for nothing but their own.
 *
 * The first byte chooses the list and whether a customer asks; the rest is the query. The store only takes what it is asked.
 */
#include "../unit/request_fixture.h"

#include "api/audit.h"
#include "api/cursor.h"
#include "api/customers.h"
#include "api/messages.h"
#include "api/orders.h"
#include "core/currency.h"
#include "core/json.h"
#include "http/target.h"
#include "store/driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct identity staff = {.subject = {"s", 1}};
static const struct identity customer = {.is_customer = true, .customer_code = {"C1", 2}};
static step_fn *const lists[] = {customer_list, order_list, message_list, audit_list};
static const struct store_list *asked;

static struct slice secret(const struct store *store)
{
    (void)store;
    return SLICE("the secret of the corpus");
}

static bool ready(const struct store *store)
{
    (void)store;
    return true;
}

static void submit(struct store_link *link, struct store_op *op)
{
    (void)link;
    asked = CONTAINER_OF(op, struct store_list, base);
}

static const struct store_driver driver = {.secret = secret, .ready = ready, .submit = submit};
static struct store store = {&driver};
static struct store_link store_link = {.driver = &driver};
static const struct api api = {.store = &store};
static struct api_worker worker = {.api = &api, .store = &store_link};

static void judge_question(struct req *rq)
{
    struct store_list list = *asked;
    const struct cursor cursor = {list.place, 7};
    struct cursor back;
    check(rq->phase == REQ_WAITING && list.limit >= 1 && list.limit <= STORE_LIST_MAX);
    check(list.from >= 0 && list.to >= 0 && utf8_valid(list.customer));
    check(utf8_valid(list.subject) && utf8_valid(list.record) && utf8_valid(list.words));
    check(list.least >= 0 && list.least <= MONEY_MAX && list.most >= 0 && list.most <= MONEY_MAX);
    check((list.least == 0 && list.most == MONEY_MAX) || slice_present(list.currency));
    check(!slice_present(list.words) || list.words.len > 0);
    check(list.examine <= STORE_EXAMINE_MAX && list.count_max <= STORE_COUNT_MAX);
    if (rq->identity->is_customer) {
        check(slice_equal_nocase(list.customer, rq->identity->customer_code));
    }
    check(cursor_parse(rq, cursor_format(rq, &list, &cursor), &list, &back));
    check(memcmp(&back, &cursor, sizeof(back)) == 0);
}

static void judge_reply(const struct req *rq)
{
    const char *fault;
    CLEANUP(json_release)
    json_t *body = json_decode(buf_slice(&rq->reply.body), 4, &fault);
    check(rq->phase == REQ_REPLY && json_is_object(body));
    check(rq->reply.status == 400 || (rq->reply.status == 200 && rq->identity->is_customer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    if (size < 1) return 0;
    request_init(&rq);
    rq.app = &worker;
    rq.identity = data[0] & 4 ? &customer : &staff;
    rq.target = arena_format(&rq.arena, "/v1/list?%.*s", (int)size - 1, (const char *)data + 1);
    asked = NULL;
    if (target_parse(&rq) == ERR_OK) {
        enum step step = lists[data[0] & 3](&rq);
        check((step == STEP_WAIT) == (asked != NULL));
        if (asked) {
            judge_question(&rq);
        } else {
            judge_reply(&rq);
        }
    }
    request_deinit(&rq);
    return 0;
}
