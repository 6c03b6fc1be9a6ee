/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the store about lists: one page at a time.
 */
#pragma once

#include "store/operation.h"

/* The place in a list after which the next page begins: the sort time (order.time, else created_at) and the id. */
struct store_place {
    int64_t at;
    struct uuid id;
};

/* How many rows a request may look at, at most: a page of a search (30 ms on a small machine), a count by an index, a count of a search
 * (a quarter of a second each). */
#define STORE_EXAMINE_MAX 10000
#define STORE_COUNT_MAX 2000000
#define STORE_COUNT_SEARCH_MAX 100000

/* In: filters, limit. Out: rows, newest first, ties by id (the audit log: by id alone); `more` when rows follow. An unused filter is
 * absent/false; `from` and `to` (half open) hold for every list and are always used: 0 and INT64_MAX when open. `customer` holds for all
 * but the audit log and suppressions; `state` and `order` for messages only; `subject` and `record` for the audit log, `phone` for
 * suppressions only.
 *
 * `words` (of customers, orders and messages), `currency` (of orders), and the state of one customer's messages are answered by no index:
 * with them the page is a search. It looks at no more than `examine` rows, and when it has come that far says `more` and `stopped`: it may
 * be short, or empty. */
struct store_list {
    struct store_op base;
    struct slice customer; /* code, compared without case */
    int64_t from, to;      /* order.time, entry.at, else created_at */
    bool by_state, by_order, after;
    enum message_state state;
    struct uuid order;
    struct store_place place;     /* used when `after` */
    struct slice subject, record; /* of the audit log */
    struct slice phone;           /* of suppressions: E.164 */
    struct slice
        words; /* part of a text of the row, A to Z in lower case; see docs/api.md for which */
    struct slice currency;
    int64_t least, most; /* minor units, both included; used with `currency` */
    size_t limit;        /* 1..STORE_LIST_MAX */
    size_t examine;      /* of a search: 1..STORE_EXAMINE_MAX */
    size_t
        count_max; /* not 0: count all rows of the filters, of customers, orders and messages, looking at no more than these */
    union {
        struct customer *customers;
        struct order *orders;
        struct message *messages;
        struct audit_entry *entries;
        struct suppression *suppressions;
    } rows;
    size_t count;
    bool more, stopped;
    struct store_place stop; /* when `stopped`: the last row that was looked at */
    bool counting;           /* the driver's */
    int64_t total;           /* with `count_max`; -1: there are more to look at */
};
#define STORE_LIST_MAX 200

static inline bool store_list_searches(const struct store_list *list)
{
    bool money = list->base.verb == STORE_ORDER_LIST && slice_present(list->currency);
    bool customers_state = list->by_state && slice_present(list->customer) && !list->by_order;
    return slice_present(list->words) || money || customers_state;
}

/* Where a row of the page stands. */
struct store_place store_list_place(const struct store_list *list, size_t index);
/* Behind which the next page begins; of a page with `more`. */
struct store_place store_list_end(const struct store_list *list);
