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

/* In: filters, limit. Out: rows, newest first, ties by id (the audit log: by id alone); `more` when rows follow. An unused filter is
 * absent/false; `from` and `to` (half open) hold for every list and are always used: 0 and INT64_MAX when open. `customer` holds for all
 * but the audit log and suppressions; `state` and `order` for messages only; `subject` and `record` for the audit log, `phone` for
 * suppressions only. */
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
    size_t limit;                 /* 1..STORE_LIST_MAX */
    union {
        struct customer *customers;
        struct order *orders;
        struct message *messages;
        struct audit_entry *entries;
        struct suppression *suppressions;
    } rows;
    size_t count;
    bool more;
};
#define STORE_LIST_MAX 200
