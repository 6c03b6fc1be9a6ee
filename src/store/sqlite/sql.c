/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of the statements. Only constants of this file and of sql.def ever become SQL; values are always bound.
 *
 * A list reads one index backwards from an upper place, down to the earliest time: where a page begins is part of the range that
 * is searched, so page 10,000 costs what page 1 costs. A search gives every row of that range, and first of all whether it hits:
 * who steps through them sees where it stops. Pure; any thread.
 */
#include "store/sqlite/sql.h"

#include "core/check.h"
#include "store/history.h"

static const char *const texts[] = {
#define SQL(name, text) text,
#include "store/sqlite/sql.def"
#undef SQL
};

const char *sql_text(enum sql sql)
{
    check(sql < SQL_COUNT);
    return texts[sql];
}

struct list_text {
    const char *columns, *range, *order;
    const char *filters[SQL_FILTERS]; /* by bit; NULL: unknown to this list */
    const char *state_beside; /* in place of the state's clause when other filters stand with it */
    const char *table;        /* what a count reads */
    const char *hit;          /* whether a row is searched for, see SQL_SEARCH */
};

#define RANGE(time, id) " where " time " >= ? and (" time ", " id ") < (?, ?)"
#define ORDER(time, id) " order by " time " desc, " id " desc limit ?"
#define OF_CUSTOMER(column) (" and " column " = (select id from customers where code = ?)")

/* Letters by bytes, A to Z alike. */
#define HAS(text) "ifnull(instr(lower(" text "), ?1), 0)"
#define CUSTOMER_HAS(row) HAS(row ".code") " or " HAS(row ".name") " or " HAS(row ".phone")
#define WORDS(has) " and (?1 is null or " has ")"
#define MONEY "(?2 is null or (o.currency = ?2 and o.amount_minor between ?3 and ?4))"
#define STATE "(?2 is null or m.state = ?2)"
#define THEIR_CUSTOMER(row, has)                                                                   \
    " or exists (select 1 from customers x where x.id = " row ".customer_id and (" has "))"
#define THEIR_ORDER(row, has)                                                                      \
    " or exists (select 1 from orders x where x.id = " row ".order_id and " has ")"
#define ORDER_HAS HAS("o.item") " or " HAS("o.external_ref") THEIR_CUSTOMER("o", CUSTOMER_HAS("x"))
#define CODE_OR_NAME(row) HAS(row ".code") " or " HAS(row ".name")
#define MESSAGE_HAS                                                                                \
    HAS("m.\"to\"") THEIR_CUSTOMER("m", CODE_OR_NAME("x")) THEIR_ORDER("m", HAS("x.item"))

static const struct list_text lists[] = {
    [SQL_LIST_CUSTOMERS] =
        {
            .columns = SQL_CUSTOMER,
            .range = RANGE("c.created_at", "c.id"),
            .order = ORDER("c.created_at", "c.id"),
            .filters = {" and c.code = ?", [SQL_SEARCH_BIT] = ""},
            .table = " from customers c",
            .hit = CUSTOMER_HAS("c"),
        },
    [SQL_LIST_ORDERS] =
        {
            .columns = SQL_ORDER,
            .range = RANGE("o.time", "o.id"),
            .order = ORDER("o.time", "o.id"),
            .filters = {OF_CUSTOMER("o.customer_id"), [SQL_SEARCH_BIT] = ""},
            .table = " from orders o",
            .hit = MONEY WORDS(ORDER_HAS),
        },
    [SQL_LIST_MESSAGES] =
        {
            .columns = SQL_MESSAGE,
            .range = RANGE("m.created_at", "m.id"),
            .order = ORDER("m.created_at", "m.id"),
            .filters = {OF_CUSTOMER("m.customer_id"), " and m.state = ?",
                " and m.order_id = ?", [SQL_SEARCH_BIT] = ""},
            /* The plus keeps SQLite from searching by state: an order's index is far narrower. */
            .state_beside = " and +m.state = ?",
            .table = " from messages m",
            .hit = STATE WORDS(MESSAGE_HAS),
        },
    [SQL_LIST_SUPPRESSIONS] =
        {
            .columns = SQL_SUPPRESSION,
            .range = RANGE("s.created_at", "s.id"),
            .order = ORDER("s.created_at", "s.id"),
            .filters = {NULL, NULL, NULL, " and s.phone = ?"},
        },
};

static const char *clause_of(const struct list_text *text, unsigned filters, unsigned bit)
{
    bool beside = 1u << bit == SQL_BY_STATE && filters & SQL_BY_ORDER;
    return beside ? text->state_beside : text->filters[bit];
}

static void put_range(const struct list_text *text, unsigned filters, struct buf *out)
{
    buf_put_text(out, text->range);
    for (unsigned bit = 0; bit < SQL_FILTERS; bit++) {
        if (filters & 1u << bit) buf_put_text(out, clause_of(text, filters, bit));
    }
}

static void put_count(const struct list_text *text, unsigned filters, struct buf *out)
{
    const char *hit = filters & SQL_SEARCH ? text->hit : "1";
    buf_printf(out, "select count(*) filter (where hit), count(*) from (select %s as hit%s", hit,
        text->table);
    put_range(text, filters, out);
    buf_put_text(out, " limit ?)");
}

void sql_list_put(enum sql_list list, unsigned filters, struct buf *out)
{
    const struct list_text *text = &lists[list];
    if (filters & SQL_COUNT_ALL) {
        put_count(text, filters & ~SQL_COUNT_ALL, out);
    } else {
        buf_put_text(out, "select ");
        if (filters & SQL_SEARCH) buf_printf(out, "%s, ", text->hit);
        buf_put_text(out, text->columns);
        put_range(text, filters, out);
        buf_put_text(out, text->order);
    }
    buf_put_char(out, '\0');
}

unsigned sql_list_filters(enum sql_list list)
{
    unsigned known = lists[list].hit ? SQL_COUNT_ALL : 0;
    for (unsigned bit = 0; bit < SQL_FILTERS; bit++) {
        if (lists[list].filters[bit]) known |= 1u << bit;
    }
    return known;
}
