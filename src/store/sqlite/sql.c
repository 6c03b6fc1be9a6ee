/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of the statements. Only constants of this file and of sql.def ever become SQL; values are always bound.
 *
 * A list reads one index backwards from an upper place, down to the earliest time: where a page begins is part of the range that
 * is searched, so page 10,000 costs what page 1 costs. Pure; any thread.
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
};

#define RANGE(time, id) " where " time " >= ? and (" time ", " id ") < (?, ?)"
#define ORDER(time, id) " order by " time " desc, " id " desc limit ?"
#define OF_CUSTOMER(column) " and " column " = (select id from customers where code = ?)"

static const struct list_text lists[] = {
    [SQL_LIST_CUSTOMERS] = {"select " SQL_CUSTOMER, RANGE("c.created_at", "c.id"),
        ORDER("c.created_at", "c.id"), .filters = {" and c.code = ?"}},
    [SQL_LIST_ORDERS] = {"select " SQL_ORDER, RANGE("o.time", "o.id"), ORDER("o.time", "o.id"),
        .filters = {OF_CUSTOMER("o.customer_id")}},
    [SQL_LIST_MESSAGES] = {"select " SQL_MESSAGE, RANGE("m.created_at", "m.id"),
        ORDER("m.created_at", "m.id"),
        .filters = {OF_CUSTOMER("m.customer_id"), " and m.state = ?", " and m.order_id = ?"},
        /* The plus keeps SQLite from searching by state: the others' indexes are far narrower. */
        .state_beside = " and +m.state = ?"},
    [SQL_LIST_SUPPRESSIONS] = {"select " SQL_SUPPRESSION, RANGE("s.created_at", "s.id"),
        ORDER("s.created_at", "s.id"), .filters = {NULL, NULL, NULL, " and s.phone = ?"}},
};

static const char *clause_of(const struct list_text *text, unsigned filters, unsigned bit)
{
    bool beside = 1u << bit == SQL_BY_STATE && filters != SQL_BY_STATE;
    return beside ? text->state_beside : text->filters[bit];
}

void sql_list_put(enum sql_list list, unsigned filters, struct buf *out)
{
    const struct list_text *text = &lists[list];
    buf_put_text(out, text->columns);
    buf_put_text(out, text->range);
    for (unsigned bit = 0; bit < ARRAY_LEN(text->filters); bit++) {
        if (filters & 1u << bit) buf_put_text(out, clause_of(text, filters, bit));
    }
    buf_put_text(out, text->order);
    buf_put_char(out, '\0');
}

unsigned sql_list_filters(enum sql_list list)
{
    unsigned known = 0;
    for (unsigned bit = 0; bit < ARRAY_LEN(lists[list].filters); bit++) {
        if (lists[list].filters[bit]) known |= 1u << bit;
    }
    return known;
}
