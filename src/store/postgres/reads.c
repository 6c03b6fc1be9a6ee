/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gets and lists, several to a flight.
 *
 * The operations of a flight are answered one by one as their rows arrive; the first one without an answer is always the next. An error
 * ends the flight at that operation: it alone is answered with it, those behind it were not run and are sent again. A list that is
 * counted has two answers, its count first.
 *
 * Runs on the loop thread of its connection. Operations belong to their requests, groups to us.
 * Limits: OUT_MAX operations on their way in GROUPS_MAX flights, the rest waits; TRIES_MAX tries over broken connections. What is on
 * its way can no longer be told that it takes too long, so a table that somebody locks must not find many flights waiting for it.
 */
#include "store/postgres/reads.h"

#include "store/postgres/audit.h"
#include "store/postgres/rows.h"
#include "store/postgres/sessions.h"
#include "store/postgres/templates.h"

#define OUT_MAX 256
/* One that is being answered, one that the server finds when it is done. */
#define GROUPS_MAX 2
#define TRIES_MAX 3

struct group {
    struct flight flight;
    struct reads *reads;
    struct list ops; /* not answered yet, in order of sending */
};

static flight_rows_fn take_rows;
static flight_end_fn group_ended;

void reads_init(struct reads *reads)
{
    backlog_init(&reads->backlog, STORE_WAIT_MS);
    reads->out = reads->groups = 0;
}

void reads_put(struct reads *reads, struct store_op *op)
{
    backlog_put(&reads->backlog, op);
}

static void execute_get(struct reads *reads, struct store_op *op)
{
    static const enum statement statements[] = {
        [STORE_CUSTOMER_GET] = STATEMENT_CUSTOMER_GET,
        [STORE_ORDER_GET] = STATEMENT_ORDER_GET,
        [STORE_MESSAGE_GET] = STATEMENT_MESSAGE_GET,
    };
    const struct store_get *get = CONTAINER_OF(op, struct store_get, base);
    params_uuid(connection_params(reads->connection), &get->id);
    connection_execute(reads->connection, statement_name(statements[op->verb]));
}

static void execute_list(struct reads *reads, struct store_op *op)
{
    char name[LIST_NAME_SIZE];
    struct store_list *list = CONTAINER_OF(op, struct store_list, base);
    list->counting = list->count_max > 0;
    if (list->counting) {
        list_count_statement(list, name, connection_params(reads->connection));
        connection_execute(reads->connection, name);
    }
    list_statement(list, name, connection_params(reads->connection));
    connection_execute(reads->connection, name);
}

static void execute(struct reads *reads, struct store_op *op)
{
    switch (op->verb) {
    case STORE_CUSTOMER_GET:
    case STORE_ORDER_GET:
    case STORE_MESSAGE_GET: execute_get(reads, op); break;
    case STORE_SESSION_GET: session_send_get(reads->connection, op); break;
    case STORE_AUDIT_LIST: audit_send_list(reads->connection, op); break;
    case STORE_TEMPLATES_GET: templates_send_get(reads->connection, op); break;
    default: execute_list(reads, op); break;
    }
}

void reads_go(struct reads *reads)
{
    if (!connection_usable(reads->connection)) return;
    if (!reads->backlog.count || reads->out >= OUT_MAX || reads->groups >= GROUPS_MAX) return;
    struct group *group = memory_zeroed(sizeof(*group));
    *group = (struct group){.flight = {.result = take_rows, .end = group_ended}, .reads = reads};
    list_init(&group->ops);
    while (reads->out < OUT_MAX) {
        struct store_op *op = backlog_take(&reads->backlog);
        if (!op) break;
        list_append(&group->ops, &op->node);
        reads->out++;
        execute(reads, op);
    }
    reads->groups++;
    connection_send(reads->connection, &group->flight);
}

static enum err take_get(struct store_op *op, const PGresult *rows)
{
    struct store_get *get = CONTAINER_OF(op, struct store_get, base);
    struct row row = {.result = rows, .arena = get->base.arena};
    if (PQntuples(rows) == 0) return ERR_NOT_FOUND;
    switch (get->base.verb) {
    case STORE_CUSTOMER_GET: row_customer(&row, &get->row.customer); break;
    case STORE_ORDER_GET: row_order(&row, &get->row.order); break;
    default: row_message(&row, &get->row.message); break;
    }
    return ERR_OK;
}

typedef void list_row_fn(struct row *row, struct store_list *list, size_t place);

static void take_customer(struct row *row, struct store_list *list, size_t place)
{
    row_customer(row, &list->rows.customers[place]);
}

static void take_order(struct row *row, struct store_list *list, size_t place)
{
    row_order(row, &list->rows.orders[place]);
}

static void take_message(struct row *row, struct store_list *list, size_t place)
{
    row_message(row, &list->rows.messages[place]);
}

static void take_suppression(struct row *row, struct store_list *list, size_t place)
{
    row_suppression(row, &list->rows.suppressions[place]);
}

static const struct list_rows {
    list_row_fn *take;
    size_t size;
} list_rows[STORE_VERB_COUNT] = {
    [STORE_CUSTOMER_LIST] = {take_customer, sizeof(struct customer)},
    [STORE_ORDER_LIST] = {take_order, sizeof(struct order)},
    [STORE_MESSAGE_LIST] = {take_message, sizeof(struct message)},
    [STORE_SUPPRESSION_LIST] = {take_suppression, sizeof(struct suppression)},
};

static enum err take_page(struct store_op *op, const PGresult *rows)
{
    struct store_list *list = CONTAINER_OF(op, struct store_list, base);
    const struct list_rows *kind = &list_rows[op->verb];
    size_t found = (size_t)PQntuples(rows);
    list->more = found > list->limit;
    list->count = list->more ? list->limit : found;
    list->rows.customers = arena_alloc(op->arena, list->count * kind->size);
    for (size_t i = 0; i < list->count; i++) {
        struct row row = {.result = rows, .number = (int)i, .arena = op->arena};
        kind->take(&row, list, i);
    }
    return ERR_OK;
}

/* True when there is a row behind the limit; otherwise the row is the page's next one, or just the place where a search stopped. */
static bool take_found(struct store_list *list, struct row *row)
{
    bool hit = row_bool(row), stop = row_bool(row);
    if (hit && list->count == list->limit) return true;
    list_rows[list->base.verb].take(row, list, list->count);
    if (stop) list->stop = store_list_place(list, list->count);
    list->stopped = stop;
    if (hit) list->count++;
    return stop;
}

static enum err take_search(struct store_op *op, const PGresult *rows)
{
    struct store_list *list = CONTAINER_OF(op, struct store_list, base);
    int found = PQntuples(rows);
    list->count = 0;
    list->more = list->stopped = false;
    list->rows.customers = arena_alloc(op->arena, (size_t)found * list_rows[op->verb].size);
    for (int i = 0; i < found && !list->more; i++) {
        struct row row = {.result = rows, .number = i, .arena = op->arena};
        list->more = take_found(list, &row);
    }
    return ERR_OK;
}

static void take_count(struct store_list *list, const PGresult *rows)
{
    struct row row = {.result = rows};
    int64_t hits = row_i64(&row), looked_at = row_i64(&row);
    list->total = looked_at > (int64_t)list->count_max ? -1 : hits;
    list->counting = false;
}

static enum err take_list(struct store_op *op, const PGresult *rows)
{
    bool search = list_is_search(CONTAINER_OF(op, struct store_list, base));
    return search ? take_search(op, rows) : take_page(op, rows);
}

static enum err take(struct store_op *op, const PGresult *rows)
{
    switch (op->verb) {
    case STORE_CUSTOMER_GET:
    case STORE_ORDER_GET:
    case STORE_MESSAGE_GET: return take_get(op, rows);
    case STORE_SESSION_GET: return session_take_get(op, rows);
    case STORE_AUDIT_LIST: return audit_take_list(op, rows);
    case STORE_TEMPLATES_GET: return templates_take_get(op, rows);
    default: return take_list(op, rows);
    }
}

static struct store_op *take_first(struct group *group)
{
    struct list *node = list_take(&group->ops);
    check(node);
    group->reads->out--;
    return CONTAINER_OF(node, struct store_op, node);
}

/* The list whose count is the next answer; NULL when a row or a page is. */
static struct store_list *counting_first(const struct group *group)
{
    struct store_op *op = CONTAINER_OF(group->ops.next, struct store_op, node);
    if (list_empty(&group->ops) || !list_rows[op->verb].take) return NULL;
    struct store_list *list = CONTAINER_OF(op, struct store_list, base);
    return list->counting ? list : NULL;
}

static void take_rows(struct flight *flight, const PGresult *rows)
{
    struct group *group = CONTAINER_OF(flight, struct group, flight);
    struct store_list *counting = counting_first(group);
    if (counting) {
        take_count(counting, rows);
        return;
    }
    struct store_op *op = take_first(group);
    op_complete(&op->op, take(op, rows));
}

/* What was not answered goes to the front of the backlog, in its order; `lost`: it counts as a try. */
static void put_back(struct group *group, bool lost)
{
    struct reads *reads = group->reads;
    while (!list_empty(&group->ops)) {
        struct store_op *op = CONTAINER_OF(group->ops.prev, struct store_op, node);
        list_remove(&op->node);
        reads->out--;
        if (lost && ++op->tries >= TRIES_MAX) {
            op_complete(&op->op, ERR_UNAVAILABLE);
        } else {
            backlog_put_first(&reads->backlog, op);
        }
    }
}

static void group_ended(struct flight *flight, enum flight_end how)
{
    struct group *group = CONTAINER_OF(flight, struct group, flight);
    group->reads->groups--;
    /* An error behind the last answer concerns nobody. */
    if (how == FLIGHT_FAILED && !list_empty(&group->ops)) {
        op_complete(&take_first(group)->op, fault_answer("read", flight->sqlstate));
    }
    put_back(group, how == FLIGHT_LOST);
    free(group);
}
