/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the list of suppressions.
 */
#pragma once

#include "store/sqlite/query.h"
#include "store/store.h"

/* In the column order of SQL_SUPPRESSION (sql.h); texts go into the arena. */
void suppression_take(struct query *query, struct arena *arena, struct suppression *out);
/* The gateway says that the message's recipient has opted out. Nothing is written when its number is on the list for the sender. */
void suppression_insert_of_message(struct connection *connection,
    const struct store_outbox_settle *settle, const struct settlement *item);
