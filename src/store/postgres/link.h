/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop's road to PostgreSQL: a connection that writes, a connection that reads, and what waits for them.
 */
#pragma once

#include "store/postgres/server.h"

struct store_link *link_new(struct store *store, struct loop *loop);
void link_free(struct store_link *base);
void link_submit(struct store_link *base, struct store_op *op);
