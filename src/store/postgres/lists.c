/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements that answer lists: one per kind and set of filters, so that each has one plan, along one index.
 *
 * A text is joined from constant fragments, one per filter in use. All have the same eight parameters; those of an unused filter
 * are NULL and not looked at. A page asks for one row more than its limit, to know whether rows follow.
 *   $1 from  $2 to  $3 limit  $4 customer's code  $5 $6 place after which the page begins  $7 state  $8 order
 *
 * Pure; any thread. Memory is the caller's.
 */
#include <stdio.h>

#include "core/buf.h"
#include "store/postgres/params.h"
#include "store/postgres/statement.h"

/* Only for the column lists. */
#define STATEMENT(role, name, text)
#include "store/postgres/sql.def"
#undef STATEMENT

#define TEXT_MAX 2048

enum filter { BY_CUSTOMER = 1, AFTER = 2, BY_STATE = 4, BY_ORDER = 8 };
#define FILTER_BITS 4

struct list_kind {
    const char *base, *order;
    unsigned known;                    /* filters this kind has */
    const char *fragment[FILTER_BITS]; /* by bit of enum filter */
};

#define CUSTOMER_OF_CODE                                                                           \
    "(select x.id from customers x where lower(x.code) = lower($4 collate \"C\"))"

static const struct list_kind customers = {
    "select " CUSTOMER_COLUMNS " from customers c where c.created_at >= $1 and c.created_at < $2",
    " order by c.created_at desc, c.id desc limit $3",
    BY_CUSTOMER | AFTER,
    {" and lower(c.code) = lower($4 collate \"C\")", " and (c.created_at, c.id) < ($5, $6)"},
};
static const struct list_kind orders = {
    "select " ORDER_COLUMNS " from " ORDER_TABLES " where o.time >= $1 and o.time < $2",
    " order by o.time desc, o.id desc limit $3",
    BY_CUSTOMER | AFTER,
    {" and o.customer_id = " CUSTOMER_OF_CODE, " and (o.time, o.id) < ($5, $6)"},
};
static const struct list_kind messages = {
    "select " MESSAGE_COLUMNS " from messages m join customers c on c.id = m.customer_id "
    "where m.created_at >= $1 and m.created_at < $2",
    " order by m.created_at desc, m.id desc limit $3",
    BY_CUSTOMER | AFTER | BY_STATE | BY_ORDER,
    {" and m.customer_id = " CUSTOMER_OF_CODE, " and (m.created_at, m.id) < ($5, $6)",
        " and m.state = $7", " and m.order_id = $8"},
};

static const struct list_kind *const kinds[] = {
    [STORE_CUSTOMER_LIST] = &customers,
    [STORE_ORDER_LIST] = &orders,
    [STORE_MESSAGE_LIST] = &messages,
};

static const Oid types[] = {OID_TIMESTAMPTZ, OID_TIMESTAMPTZ, OID_INT8, OID_TEXT, OID_TIMESTAMPTZ,
    OID_UUID, OID_TEXT, OID_UUID};

static void name_list(char name[LIST_NAME_SIZE], unsigned verb, unsigned filters)
{
    snprintf(name, LIST_NAME_SIZE, "LIST_%u_%u", verb, filters);
}

static unsigned filters_of(const struct store_list *list)
{
    unsigned filters = 0;
    if (slice_present(list->customer)) filters |= BY_CUSTOMER;
    if (list->after) filters |= AFTER;
    if (list->by_state) filters |= BY_STATE;
    if (list->by_order) filters |= BY_ORDER;
    return filters & kinds[list->base.verb]->known;
}

void list_statement(const struct store_list *list, char name[LIST_NAME_SIZE], struct params *out)
{
    check(list->limit >= 1 && list->limit <= STORE_LIST_MAX);
    name_list(name, list->base.verb, filters_of(list));
    params_time(out, list->from);
    params_time(out, list->to);
    params_i64(out, (int64_t)list->limit + 1);
    params_bytes(out, list->customer);
    params_time(out, list->place.at);
    params_uuid(out, &list->place.id);
    params_bytes(out, list->by_state ? message_state_text(list->state) : slice_absent());
    params_uuid(out, &list->order);
}

static void put_text(struct buf *out, const struct list_kind *kind, unsigned filters)
{
    buf_put_text(out, kind->base);
    for (unsigned bit = 0; bit < FILTER_BITS; bit++) {
        if (filters & (1U << bit)) buf_put_text(out, kind->fragment[bit]);
    }
    buf_put_text(out, kind->order);
    buf_put_char(out, '\0');
}

static bool prepare(PGconn *pg, unsigned verb, unsigned filters)
{
    char name[LIST_NAME_SIZE];
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, TEXT_MAX);
    name_list(name, verb, filters);
    put_text(&text, kinds[verb], filters);
    check(buf_ok(&text));
    return PQsendPrepare(pg, name, text.ptr, ARRAY_LEN(types), types);
}

bool lists_prepare(PGconn *pg)
{
    for (unsigned verb = STORE_CUSTOMER_LIST; verb <= STORE_MESSAGE_LIST; verb++) {
        for (unsigned filters = 0; filters < 1U << FILTER_BITS; filters++) {
            if (filters & ~kinds[verb]->known) continue;
            if (!prepare(pg, verb, filters)) return false;
        }
    }
    return true;
}
