/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements of the SQLite driver: fixed ones by name, lists by kind and set of filters.
 */
#pragma once

#include "core/buf.h"

/* Columns and tables of a row, in the order rows.c reads them. An order comes with its customer's code and its message's state.
 * `cross join` keeps SQLite from starting at any other table, so that lists stop at their limit. */
#define SQL_CUSTOMER                                                                               \
    "c.id, c.code, c.name, c.phone, c.language, c.sms_opt_out, c.version, c.created_at, "          \
    "c.updated_at from customers c"
/* As in the index messages_by_order, so that it is compared there and not in the row. */
#define SQL_RECEIVED(event) "(case " event " when 'order.received' then 1 end)"
#define SQL_ORDER                                                                                  \
    "o.id, o.customer_id, c.code, o.item, o.amount_minor, o.currency, o.time, o.external_ref, "    \
    "o.created_by, o.version, o.created_at, o.updated_at, m.id, m.state from orders o "            \
    "cross join customers c on c.id = o.customer_id "                                              \
    "cross join messages m on m.order_id = o.id and " SQL_RECEIVED("m.event") " = 1"
#define SQL_MESSAGE_COLUMNS                                                                        \
    "m.id, m.order_id, m.customer_id, c.code, m.event, m.\"to\", m.body, m.encoding, m.parts, "    \
    "m.state, m.attempts, m.due_at, m.expires_at, m.created_at, m.sent_at, m.delivered_at, "       \
    "m.provider_id, m.provider_status, m.cost, m.failure, m.history"
#define SQL_MESSAGE_FROM(index)                                                                    \
    " from messages m " index "cross join customers c on c.id = m.customer_id"
#define SQL_MESSAGE SQL_MESSAGE_COLUMNS SQL_MESSAGE_FROM("")
/* Due messages of one index; behind the columns, whether the customer has opted out, and whether the number is on the list. */
#define SQL_DUE_BY(index)                                                                          \
    "select " SQL_MESSAGE_COLUMNS ", c.sms_opt_out, exists (select 1 from suppressions s"          \
    " where s.phone = m.\"to\" and s.sender in ('', ?))" SQL_MESSAGE_FROM(                         \
        "indexed by " index " ") " where m.state = 'queued'"
#define SQL_SUPPRESSION                                                                            \
    "s.id, s.phone, s.sender, s.source, s.reason, s.created_by, s.created_at from suppressions s"
#define SQL_RESENDABLE_BY(index, clauses)                                                          \
    "select id, customer_id from messages indexed by " index " where " clauses                     \
    " and created_at >= max(?, (select scrubbed_at from sms_control)) and created_at < ?"          \
    " and body <> '' and losses < ? order by created_at, id limit ?"
#define SQL_AUDIT "id, at, issuer, subject, client_id, address, request, action, record"
#define SQL_AUDIT_BY(filters)                                                                      \
    "select " SQL_AUDIT " from audit_log where id >= ? and id < ? and at >= ? and at < ?" filters  \
    " order by id desc limit ?"

enum sql {
#define SQL(name, text) SQL_##name,
#include "store/sqlite/sql.def"
#undef SQL
    SQL_COUNT
};

const char *sql_text(enum sql sql);

enum sql_list {
    SQL_LIST_CUSTOMERS,
    SQL_LIST_ORDERS,
    SQL_LIST_MESSAGES,
    SQL_LIST_SUPPRESSIONS,
    SQL_LIST_COUNT
};

/* A set of filters; bound in this order, behind the earliest time and the upper place (time, id), before the limit. A search first of all
 * binds the words, and then of orders currency, least and most amount, of messages the state; its first column is whether the row is one that is searched for, and its
 * limit how many rows are looked at. */
#define SQL_BY_CUSTOMER 1u
#define SQL_BY_STATE 2u
#define SQL_BY_ORDER 4u
#define SQL_BY_PHONE 8u
#define SQL_SEARCH_BIT 4
#define SQL_SEARCH (1u << SQL_SEARCH_BIT)
#define SQL_FILTERS 5
/* Not the rows but how many there are, and how many were looked at: of the same filters, its limit for the rows that are looked at. */
#define SQL_COUNT_ALL (1u << SQL_FILTERS)
#define SQL_FILTER_SETS (1u << (SQL_FILTERS + 1))

/* Appends the text of a list with its NUL. `filters` must be among sql_list_filters(). */
void sql_list_put(enum sql_list list, unsigned filters, struct buf *out);
/* The filters that a list knows. */
unsigned sql_list_filters(enum sql_list list);
