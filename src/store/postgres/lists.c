/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements that answer lists: one per kind and set of filters, so that each has one plan, along one index.
 *
 * A text is joined from constant fragments, one per filter in use. All have the same eight parameters; those of an unused filter
 * are NULL and not looked at. A page asks for one row more than its limit, to know whether rows follow.
 *   $1 from  $2 to  $3 limit  $4 customer's code, or a number  $5 $6 place after which the page begins  $7 state  $8 order
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

enum filter { BY_CUSTOMER = 1, AFTER = 2, BY_STATE = 4, BY_ORDER = 8, BY_PHONE = 16 };
#define FILTER_BITS 5

struct list_kind {
    const char *base, *order;
    const char *of_order;              /* instead of `base`, by order */
    unsigned known;                    /* filters this kind has */
    const char *fragment[FILTER_BITS]; /* by bit of enum filter */
};

#define CUSTOMER_OF_CODE                                                                           \
    "(select x.id from customers x where lower(x.code) = lower($4 collate \"C\"))"

static const struct list_kind customers = {
    .base = "select " CUSTOMER_COLUMNS
            " from customers c where c.created_at >= $1 and c.created_at < $2",
    .order = " order by c.created_at desc, c.id desc limit $3",
    .known = BY_CUSTOMER | AFTER,
    .fragment = {" and lower(c.code) = lower($4 collate \"C\")",
        " and (c.created_at, c.id) < ($5, $6)"},
};
static const struct list_kind orders = {
    .base = "select " ORDER_COLUMNS " from " ORDER_TABLES " where o.time >= $1 and o.time < $2",
    .order = " order by o.time desc, o.id desc limit $3",
    .known = BY_CUSTOMER | AFTER,
    .fragment = {" and o.customer_id = " CUSTOMER_OF_CODE, " and (o.time, o.id) < ($5, $6)"},
};
#define MESSAGES_FROM(table)                                                                       \
    "select " MESSAGE_COLUMNS " from " table " m join customers c on c.id = m.customer_id "        \
    "where m.created_at >= $1 and m.created_at < $2"
#define OF_ORDER(is) "select * from messages where order_id = $8 and event " is " 'order.received'"
static const struct list_kind messages = {
    .base = MESSAGES_FROM("messages"),
    /* The message of an order's receipt and the later ones stand in an index each. */
    .of_order = MESSAGES_FROM("(" OF_ORDER("=") " union all " OF_ORDER("<>") ")"),
    .order = " order by m.created_at desc, m.id desc limit $3",
    .known = BY_CUSTOMER | AFTER | BY_STATE | BY_ORDER,
    .fragment = {" and m.customer_id = " CUSTOMER_OF_CODE, " and (m.created_at, m.id) < ($5, $6)",
        " and m.state = $7", ""},
};
static const struct list_kind suppressions = {
    .base = "select " SUPPRESSION_COLUMNS " from suppressions s "
            "where s.created_at >= $1 and s.created_at < $2",
    .order = " order by s.created_at desc, s.id desc limit $3",
    .known = AFTER | BY_PHONE,
    .fragment = {"", " and (s.created_at, s.id) < ($5, $6)", "", "", " and s.phone = $4"},
};

static const struct list_kind *const kinds[] = {
    [STORE_CUSTOMER_LIST] = &customers,
    [STORE_ORDER_LIST] = &orders,
    [STORE_MESSAGE_LIST] = &messages,
    [STORE_SUPPRESSION_LIST] = &suppressions,
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
    if (slice_present(list->phone)) filters |= BY_PHONE;
    return filters & kinds[list->base.verb]->known;
}

void list_statement(const struct store_list *list, char name[LIST_NAME_SIZE], struct params *out)
{
    check(list->limit >= 1 && list->limit <= STORE_LIST_MAX);
    unsigned filters = filters_of(list);
    name_list(name, list->base.verb, filters);
    params_time(out, list->from);
    params_time(out, list->to);
    params_i64(out, (int64_t)list->limit + 1);
    params_bytes(out, filters & BY_PHONE ? list->phone : list->customer);
    params_time(out, list->place.at);
    params_uuid(out, &list->place.id);
    params_bytes(out, list->by_state ? message_state_text(list->state) : slice_absent());
    params_uuid(out, &list->order);
}

static void put_text(struct buf *out, const struct list_kind *kind, unsigned filters)
{
    buf_put_text(out, filters & BY_ORDER ? kind->of_order : kind->base);
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
    for (unsigned verb = 0; verb < ARRAY_LEN(kinds); verb++) {
        if (!kinds[verb]) continue;
        for (unsigned filters = 0; filters < 1U << FILTER_BITS; filters++) {
            if (filters & ~kinds[verb]->known) continue;
            if (!prepare(pg, verb, filters)) return false;
        }
    }
    return true;
}
