/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements that answer lists: one per kind and set of filters, so that each has one plan, along one index.
 *
 * A text is joined from constant fragments, one per filter in use. All have the same parameters; those of an unused filter are NULL
 * and not looked at. A page asks for one row more than its limit, to know whether rows follow.
 *   $1 from  $2 to  $3 limit  $4 customer's code, or a number  $5 $6 place after which the page begins  $7 state  $8 order
 *   $9 words  $10 currency  $11 $12 least and most amount  $13 how many rows to look at
 *
 * A search looks at $13 rows in the order of the index and gives those that hit. The last of them comes in any case, marked, so that the
 * next page can begin behind it. row_number() neither sorts nor waits: the rows come one by one, until the page is full.
 * A count counts the same rows, of the table alone; it too stops at $13.
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

#define TEXT_MAX 4096

struct list_kind {
    const char *columns, *joins;
    const char *table, *row;                /* with its short name */
    const char *few;                        /* instead of `table`, by order or phone */
    const char *time;                       /* of a row; ties go by its id */
    const char *hit;                        /* whether a row is searched for */
    unsigned known;                         /* filters this kind has */
    const char *fragment[LIST_FILTER_BITS]; /* by bit of enum list_filter */
};

#define CUSTOMER_OF_CODE                                                                           \
    "(select x.id from customers x where lower(x.code) = lower($4 collate \"C\"))"
/* Letters by bytes, A to Z alike: as SQLite does it, on any server. */
#define HAS(text) "strpos(lower(" text " collate \"C\"), $9 collate \"C\") > 0"
#define CUSTOMER_HAS(row) HAS(row ".code") " or " HAS(row ".name") " or " HAS(row ".phone")
#define WORDS(has) " and ($9 is null or " has ")"
#define MONEY "($10 is null or (o.currency = $10 and o.amount_minor between $11 and $12))"
#define STATE "($7 is null or m.state = $7)"
#define THEIR_CUSTOMER(row, has)                                                                   \
    " or exists (select from customers x where x.id = " row ".customer_id and (" has "))"
#define THEIR_ORDER(row, has)                                                                      \
    " or exists (select from orders x where x.id = " row ".order_id and " has ")"
#define ORDER_HAS HAS("o.item") " or " HAS("o.external_ref") THEIR_CUSTOMER("o", CUSTOMER_HAS("x"))
#define CODE_OR_NAME(row) HAS(row ".code") " or " HAS(row ".name")
#define MESSAGE_HAS                                                                                \
    HAS("m.\"to\"") THEIR_CUSTOMER("m", CODE_OR_NAME("x")) THEIR_ORDER("m", HAS("x.item"))

static const struct list_kind customers = {
    .columns = CUSTOMER_COLUMNS,
    .joins = "",
    .table = "customers c",
    .row = "c",
    .time = "created_at",
    .hit = CUSTOMER_HAS("c"),
    .known = LIST_BY_CUSTOMER | LIST_AFTER | LIST_SEARCH,
    .fragment = {" and lower(c.code) = lower($4 collate \"C\")",
        " and (c.created_at, c.id) < ($5, $6)"},
};
static const struct list_kind orders = {
    .columns = ORDER_COLUMNS,
    .joins = ORDER_JOINS,
    .table = "orders o",
    .row = "o",
    .time = "time",
    .hit = MONEY WORDS(ORDER_HAS),
    .known = LIST_BY_CUSTOMER | LIST_AFTER | LIST_SEARCH,
    .fragment = {" and o.customer_id = " CUSTOMER_OF_CODE, " and (o.time, o.id) < ($5, $6)"},
};
#define OF_ORDER(is) "select * from messages where order_id = $8 and event " is " 'order.received'"
static const struct list_kind messages = {
    .columns = MESSAGE_COLUMNS,
    .joins = JOIN_CUSTOMER("m"),
    .table = "messages m",
    .row = "m",
    /* The message of an order's receipt and the later ones stand in an index each. */
    .few = "(" OF_ORDER("=") " union all " OF_ORDER("<>") ") m",
    .time = "created_at",
    .hit = STATE WORDS(MESSAGE_HAS),
    .known = LIST_BY_CUSTOMER | LIST_AFTER | LIST_BY_STATE | LIST_BY_ORDER | LIST_SEARCH,
    .fragment = {" and m.customer_id = " CUSTOMER_OF_CODE, " and (m.created_at, m.id) < ($5, $6)",
        " and m.state = $7", ""},
};
static const struct list_kind suppressions = {
    .columns = SUPPRESSION_COLUMNS,
    .joins = "",
    .table = "suppressions s",
    .row = "s",
    /* The offset keeps the planner from walking along the times instead. */
    .few = "(select * from suppressions where phone = $4 offset 0) s",
    .time = "created_at",
    .known = LIST_AFTER | LIST_BY_PHONE,
    .fragment = {"", " and (s.created_at, s.id) < ($5, $6)"},
};

static const struct list_kind *const kinds[] = {
    [STORE_CUSTOMER_LIST] = &customers,
    [STORE_ORDER_LIST] = &orders,
    [STORE_MESSAGE_LIST] = &messages,
    [STORE_SUPPRESSION_LIST] = &suppressions,
};

static const Oid types[] = {OID_TIMESTAMPTZ, OID_TIMESTAMPTZ, OID_INT8, OID_TEXT, OID_TIMESTAMPTZ,
    OID_UUID, OID_TEXT, OID_UUID, OID_TEXT, OID_TEXT, OID_INT8, OID_INT8, OID_INT8};

static void name_list(char name[LIST_NAME_SIZE], bool count, unsigned verb, unsigned filters)
{
    snprintf(name, LIST_NAME_SIZE, "%s_%u_%u", count ? "COUNT" : "LIST", verb, filters);
}

static unsigned filters_of(const struct store_list *list)
{
    unsigned filters = 0;
    if (slice_present(list->customer)) filters |= LIST_BY_CUSTOMER;
    if (list->after) filters |= LIST_AFTER;
    if (list->by_state) filters |= LIST_BY_STATE;
    if (list->by_order) filters |= LIST_BY_ORDER;
    if (slice_present(list->phone)) filters |= LIST_BY_PHONE;
    if (store_list_searches(list)) filters |= LIST_SEARCH;
    /* Not along the states of all when one customer's messages are few. */
    if (filters & LIST_SEARCH && filters & LIST_BY_CUSTOMER) filters &= ~(unsigned)LIST_BY_STATE;
    return filters & kinds[list->base.verb]->known;
}

static void put_parameters(
    const struct store_list *list, unsigned filters, int64_t examine, struct params *out)
{
    params_time(out, list->from);
    params_time(out, list->to);
    params_i64(out, (int64_t)list->limit + 1);
    params_bytes(out, filters & LIST_BY_PHONE ? list->phone : list->customer);
    params_time(out, list->place.at);
    params_uuid(out, &list->place.id);
    params_bytes(out, list->by_state ? message_state_text(list->state) : slice_absent());
    params_uuid(out, &list->order);
    params_bytes(out, list->words);
    params_bytes(out, list->currency);
    params_i64(out, list->least);
    params_i64(out, list->most);
    params_i64(out, examine);
}

bool list_is_search(const struct store_list *list)
{
    return filters_of(list) & LIST_SEARCH;
}

void list_statement(const struct store_list *list, char name[LIST_NAME_SIZE], struct params *out)
{
    check(list->limit >= 1 && list->limit <= STORE_LIST_MAX);
    unsigned filters = filters_of(list);
    check(!(filters & LIST_SEARCH) || (list->examine >= 1 && list->examine <= STORE_EXAMINE_MAX));
    name_list(name, false, list->base.verb, filters);
    put_parameters(list, filters, (int64_t)list->examine, out);
}

void list_count_statement(
    const struct store_list *list, char name[LIST_NAME_SIZE], struct params *out)
{
    unsigned filters = filters_of(list) & ~(unsigned)LIST_AFTER;
    check(kinds[list->base.verb]->hit && list->count_max <= STORE_COUNT_MAX);
    name_list(name, true, list->base.verb, filters);
    put_parameters(list, filters, (int64_t)list->count_max + 1, out);
}

/* The rows that the filters leave, by index. */
static void put_range(struct buf *out, const struct list_kind *kind, unsigned filters)
{
    buf_printf(
        out, " where %s.%s >= $1 and %s.%s < $2", kind->row, kind->time, kind->row, kind->time);
    for (unsigned bit = 0; bit < LIST_FILTER_BITS; bit++) {
        if (filters & (1U << bit) && kind->fragment[bit]) buf_put_text(out, kind->fragment[bit]);
    }
}

static const char *table_of(const struct list_kind *kind, unsigned filters)
{
    return filters & (LIST_BY_ORDER | LIST_BY_PHONE) ? kind->few : kind->table;
}

static void put_order(struct buf *out, const struct list_kind *kind)
{
    buf_printf(out, " order by %s.%s desc, %s.id desc", kind->row, kind->time, kind->row);
}

static void put_search(struct buf *out, const struct list_kind *kind, unsigned filters)
{
    buf_printf(out,
        "select %s.hit, %s.stop, %s from (select %s.*, (%s) is true as hit, row_number() over (",
        kind->row, kind->row, kind->columns, kind->row, kind->hit);
    put_order(out, kind);
    buf_printf(out, ") = $13 as stop from %s", table_of(kind, filters));
    put_range(out, kind, filters);
    put_order(out, kind);
    buf_printf(out, " limit $13) %s%s where %s.hit or %s.stop", kind->row, kind->joins, kind->row,
        kind->row);
    put_order(out, kind);
    buf_put_text(out, " limit $3");
}

static void put_list(struct buf *out, const struct list_kind *kind, unsigned filters)
{
    buf_printf(out, "select %s from %s%s", kind->columns, table_of(kind, filters), kind->joins);
    put_range(out, kind, filters);
    put_order(out, kind);
    buf_put_text(out, " limit $3");
}

static void put_count(struct buf *out, const struct list_kind *kind, unsigned filters)
{
    buf_printf(out,
        "select count(*) filter (where n.hit), count(*) from (select (%s) is true as hit from %s",
        filters & LIST_SEARCH ? kind->hit : "true", table_of(kind, filters));
    put_range(out, kind, filters);
    buf_put_text(out, " limit $13) n");
}

static bool prepare(PGconn *pg, bool count, unsigned verb, unsigned filters)
{
    char name[LIST_NAME_SIZE];
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, TEXT_MAX);
    name_list(name, count, verb, filters);
    (count                      ? put_count
        : filters & LIST_SEARCH ? put_search
                                : put_list)(&text, kinds[verb], filters);
    buf_put_char(&text, '\0');
    check(buf_ok(&text));
    return PQsendPrepare(pg, name, text.ptr, ARRAY_LEN(types), types);
}

static bool prepare_kind(PGconn *pg, unsigned verb)
{
    const struct list_kind *kind = kinds[verb];
    for (unsigned filters = 0; filters < 1U << LIST_FILTER_BITS; filters++) {
        if (filters & ~kind->known) continue;
        if (!prepare(pg, false, verb, filters)) return false;
        if (!kind->hit || filters & LIST_AFTER) continue;
        if (!prepare(pg, true, verb, filters)) return false;
    }
    return true;
}

bool lists_prepare(PGconn *pg)
{
    for (unsigned verb = 0; verb < ARRAY_LEN(kinds); verb++) {
        if (kinds[verb] && !prepare_kind(pg, verb)) return false;
    }
    return true;
}
