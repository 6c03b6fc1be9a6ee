/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What readers do: one row by its id, one page of a list.
 */
#pragma once

#include "store/sqlite/connection.h"
#include "store/store.h"

/* True for the verbs that sqlite_read() knows; all others belong to the writer. */
bool sqlite_reads(enum store_verb verb);
/* Carries out the operation; failures of the database are left as the connection's mark. */
enum err sqlite_read(struct connection *connection, struct store_op *op);
