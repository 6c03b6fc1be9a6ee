/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one row of a binary result, column after column, into values of the store.
 *
 * Texts are copied into the arena, so nothing read here depends on the PGresult.
 */
#pragma once

#include <libpq-fe.h>

#include "core/arena.h"
#include "core/digest.h"
#include "store/row.h"
#include "store/suppression.h"

struct row {
    const PGresult *result;
    int number, column; /* `column` is the next one to be read */
    struct arena *arena;
};

/* Each reads the next column. NULL reads as false, 0, the nil UUID, or absent. */
bool row_bool(struct row *row);
int32_t row_i32(struct row *row);
int64_t row_i64(struct row *row);
int64_t row_time(struct row *row);
struct uuid row_uuid(struct row *row);
struct digest row_digest(struct row *row);
struct slice row_text(struct row *row);
enum message_event row_event(struct row *row);

bool row_null(const struct row *row);

/* Columns as in CUSTOMER_COLUMNS, ORDER_COLUMNS, MESSAGE_COLUMNS, SUPPRESSION_COLUMNS of sql.def. */
#define ROW_CUSTOMER_COLUMNS 9
void row_customer(struct row *row, struct customer *out);
void row_order(struct row *row, struct order *out);
void row_message(struct row *row, struct message *out);
void row_suppression(struct row *row, struct suppression *out);

/* As stored in messages.encoding. */
struct slice encoding_text(enum message_encoding encoding);
