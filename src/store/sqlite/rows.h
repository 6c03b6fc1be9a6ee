/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the store, taken from and put into queries in the column order of SQL_CUSTOMER, SQL_ORDER and SQL_MESSAGE (sql.h).
 */
#pragma once

#include "store/history.h"
#include "store/row.h"
#include "store/sqlite/query.h"

/* Texts go into the arena. */
void rows_take_customer(struct query *query, struct arena *arena, struct customer *out);
void rows_take_order(struct query *query, struct arena *arena, struct order *out);
void rows_take_message(struct query *query, struct arena *arena, struct message *out);

/* A text that names none marks the file as damaged. */
enum message_state rows_take_state(struct query *query);
enum message_event rows_take_event(struct query *query);

void rows_insert_customer(struct connection *connection, const struct customer *row);
void rows_insert_order(struct connection *connection, const struct order *row);
/* A new message: queued or skipped, never sent. */
void rows_insert_message(struct connection *connection, const struct message *row);
/* Puts one fragment of `history`, kept in `buf`, which the caller deinits after the query. */
void rows_put_history(struct query *query, struct buf *buf, const struct history_change *change);
