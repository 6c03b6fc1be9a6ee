/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the store, taken from and put into queries in the column order of SQL_CUSTOMER, SQL_ORDER and SQL_MESSAGE (sql.h).
 */
#pragma once

#include "store/row.h"
#include "store/sqlite/query.h"

/* Texts go into the arena. */
void rows_take_customer(struct query *query, struct arena *arena, struct customer *out);
void rows_take_order(struct query *query, struct arena *arena, struct order *out);
void rows_take_message(struct query *query, struct arena *arena, struct message *out);

void rows_insert_customer(struct connection *connection, const struct customer *row);
void rows_insert_order(struct connection *connection, const struct order *row);
/* A new message: queued or skipped, never sent. */
void rows_insert_message(struct connection *connection, const struct message *row);
