/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The read of the templates; the writes are members of transactions (transaction.h).
 */
#pragma once

#include "store/sqlite/connection.h"
#include "store/store.h"

enum err sqlite_templates_get(struct connection *connection, struct store_op *base);
