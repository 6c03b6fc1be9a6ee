/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log on SQLite: an entry is written in the transaction of the change it tells of.
 */
#pragma once

#include "store/audit.h"
#include "store/sqlite/connection.h"

/* Writes the entry; one with an id of zeroes is not written, one that is there already stays as it is. */
void audit_insert(struct connection *connection, const struct audit_entry *entry);
/* Reads a page of the log into the operation's arena. */
void audit_list_entries(struct connection *connection, struct store_list *list);
