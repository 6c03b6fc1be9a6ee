/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gets and lists on SQLite.
 *
 * Each is one statement, so it sees one moment of the database; a count is another one. A page asks for one row more than its limit: that
 * row is only the answer to "more". A search is stepped through until its page is full or it has looked at enough. Runs on a reader's thread; rows and texts go into the operation's arena.
 */
#include "store/sqlite/reads.h"

#include "core/check.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/sessions.h"
#include "store/sqlite/suppressions.h"
#include "store/sqlite/templates.h"

/* Takes the row that the query stands on as element `index` of the rows at `rows`. */
typedef void take_fn(struct query *query, struct arena *arena, void *rows, size_t index);

static void take_customer(struct query *query, struct arena *arena, void *rows, size_t index)
{
    rows_take_customer(query, arena, (struct customer *)rows + index);
}

static void take_order(struct query *query, struct arena *arena, void *rows, size_t index)
{
    rows_take_order(query, arena, (struct order *)rows + index);
}

static void take_message(struct query *query, struct arena *arena, void *rows, size_t index)
{
    rows_take_message(query, arena, (struct message *)rows + index);
}

static void take_suppression(struct query *query, struct arena *arena, void *rows, size_t index)
{
    suppression_take(query, arena, (struct suppression *)rows + index);
}

struct kind {
    take_fn *take;
    size_t size;
    enum sql get;
    enum sql_list list;
};

static const struct kind customers = {
    take_customer, sizeof(struct customer), SQL_CUSTOMER_GET, SQL_LIST_CUSTOMERS};
static const struct kind orders = {
    take_order, sizeof(struct order), SQL_ORDER_GET, SQL_LIST_ORDERS};
static const struct kind messages = {
    take_message, sizeof(struct message), SQL_MESSAGE_GET, SQL_LIST_MESSAGES};

/* One is never asked for by its id: `get` is not used. */
static const struct kind suppressions = {
    take_suppression, sizeof(struct suppression), SQL_COUNT, SQL_LIST_SUPPRESSIONS};

static enum err get(struct connection *connection, const struct kind *kind, struct store_op *base)
{
    struct store_get *op = CONTAINER_OF(base, struct store_get, base);
    CLEANUP(query_close)
    struct query query = query_open(connection, kind->get);
    query_put_uuid(&query, &op->id);
    if (!query_row(&query)) return ERR_NOT_FOUND;
    kind->take(&query, base->arena, &op->row, 0);
    return ERR_OK;
}

static unsigned filters_of(const struct kind *kind, const struct store_list *op)
{
    unsigned filters = (slice_present(op->customer) ? SQL_BY_CUSTOMER : 0) |
                       (op->by_state ? SQL_BY_STATE : 0) | (op->by_order ? SQL_BY_ORDER : 0) |
                       (slice_present(op->phone) ? SQL_BY_PHONE : 0) |
                       (store_list_searches(op) ? SQL_SEARCH : 0);
    /* Not along the states of all when one customer's messages are few. */
    if (filters & SQL_SEARCH && filters & SQL_BY_CUSTOMER) filters &= ~SQL_BY_STATE;
    return filters & sql_list_filters(kind->list);
}

/* The place that all rows of the page stand before: of `to` and the end of the previous page the earlier one. No id is below the
 * all-zero one, so (to, zero) is just "before `to`". */
static struct store_place upper_place(const struct store_list *op)
{
    if (op->after && op->place.at < op->to) return op->place;
    return (struct store_place){.at = op->to};
}

/* Of any state: NULL. */
static void put_state(struct query *query, const struct store_list *op)
{
    query_put_text(query, op->by_state ? message_state_text(op->state) : slice_absent());
}

static void put_search(struct query *query, const struct store_list *op)
{
    query_put_text(query, op->words);
    if (op->base.verb == STORE_MESSAGE_LIST) put_state(query, op);
    if (op->base.verb != STORE_ORDER_LIST) return;
    query_put_text(query, op->currency);
    query_put_i64(query, op->least);
    query_put_i64(query, op->most);
}

static void put_filters(struct query *query, const struct store_list *op,
    const struct store_place *upper, unsigned filters)
{
    if (filters & SQL_SEARCH) put_search(query, op);
    query_put_i64(query, op->from);
    query_put_i64(query, upper->at);
    query_put_uuid(query, &upper->id);
    if (filters & SQL_BY_CUSTOMER) query_put_text(query, op->customer);
    if (filters & SQL_BY_STATE) put_state(query, op);
    if (filters & SQL_BY_ORDER) query_put_uuid(query, &op->order);
    if (filters & SQL_BY_PHONE) query_put_text(query, op->phone);
}

static void count_all(
    struct connection *connection, const struct kind *kind, struct store_list *op, unsigned filters)
{
    struct store_place upper = {.at = op->to};
    check(op->count_max <= STORE_COUNT_MAX && sql_list_filters(kind->list) & SQL_COUNT_ALL);
    CLEANUP(query_close)
    struct query query = query_open_list(connection, kind->list, filters | SQL_COUNT_ALL);
    put_filters(&query, op, &upper, filters);
    query_put_i64(&query, (int64_t)op->count_max + 1);
    if (!query_row(&query)) return;
    op->total = query_take_i64(&query);
    if (query_take_i64(&query) > (int64_t)op->count_max) op->total = -1;
}

/* True when there is a row behind the limit. */
static bool take_row(struct query *query, const struct kind *kind, struct store_list *op)
{
    if (op->count == op->limit) return true;
    kind->take(query, op->base.arena, op->rows.customers, op->count++);
    return false;
}

/* The same of a search, whose rows begin with whether they hit; the last one that may be looked at is where it stops. */
static bool take_found(
    struct query *query, const struct kind *kind, struct store_list *op, size_t looked_at)
{
    bool hit = query_take_i64(query), last = looked_at == op->examine;
    if (hit && op->count == op->limit) return true;
    if (hit || last) kind->take(query, op->base.arena, op->rows.customers, op->count);
    if (last) op->stop = store_list_place(op, op->count);
    op->stopped = last;
    op->count += hit;
    return last;
}

static enum err list(struct connection *connection, const struct kind *kind, struct store_op *base)
{
    struct store_list *op = CONTAINER_OF(base, struct store_list, base);
    unsigned filters = filters_of(kind, op);
    bool search = filters & SQL_SEARCH;
    check(op->limit >= 1 && op->limit <= STORE_LIST_MAX);
    check(!search || (op->examine >= 1 && op->examine <= STORE_EXAMINE_MAX));
    if (op->count_max) count_all(connection, kind, op, filters);
    struct store_place upper = upper_place(op);
    CLEANUP(query_close)
    struct query query = query_open_list(connection, kind->list, filters);
    put_filters(&query, op, &upper, filters);
    query_put_i64(&query, search ? (int64_t)op->examine : (int64_t)op->limit + 1);

    /* One more than the limit: where a search stops may be a row that it does not show. */
    op->rows.customers = arena_alloc(base->arena, (op->limit + 1) * kind->size);
    op->count = 0;
    op->more = op->stopped = false;
    for (size_t row = 1; !op->more && query_row(&query); row++) {
        op->more = search ? take_found(&query, kind, op, row) : take_row(&query, kind, op);
    }
    return ERR_OK;
}

static enum err get_session(
    struct connection *connection, const struct kind *kind, struct store_op *base)
{
    (void)kind;
    return sqlite_session_get(connection, base);
}

static enum err list_audit(
    struct connection *connection, const struct kind *kind, struct store_op *base)
{
    (void)kind;
    audit_list_entries(connection, CONTAINER_OF(base, struct store_list, base));
    return ERR_OK;
}

static enum err get_templates(
    struct connection *connection, const struct kind *kind, struct store_op *base)
{
    (void)kind;
    return sqlite_templates_get(connection, base);
}

static const struct reading {
    enum err (*run)(struct connection *connection, const struct kind *kind, struct store_op *op);
    const struct kind *kind;
} readings[STORE_VERB_COUNT] = {
    [STORE_CUSTOMER_GET] = {get, &customers},
    [STORE_ORDER_GET] = {get, &orders},
    [STORE_MESSAGE_GET] = {get, &messages},
    [STORE_CUSTOMER_LIST] = {list, &customers},
    [STORE_ORDER_LIST] = {list, &orders},
    [STORE_MESSAGE_LIST] = {list, &messages},
    [STORE_AUDIT_LIST] = {list_audit, NULL},
    [STORE_SUPPRESSION_LIST] = {list, &suppressions},
    [STORE_TEMPLATES_GET] = {get_templates, NULL},
    [STORE_SESSION_GET] = {get_session, NULL},
};

bool sqlite_reads(enum store_verb verb)
{
    return readings[verb].run != NULL;
}

enum err sqlite_read(struct connection *connection, struct store_op *op)
{
    return readings[op->verb].run(connection, readings[op->verb].kind, op);
}
