/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log on PostgreSQL: an entry is written in the transaction of the change it tells of.
 */
#pragma once

#include "store/audit.h"
#include "store/postgres/chores.h"

/* Adds the entry to the flight that is being built. One with an id of zeroes is not written; one that is there already (a flight that
 * was sent again) stays as it is. The statement answers no rows. */
void audit_execute(struct connection *connection, const struct audit_entry *entry);
/* Adds the parameters of AUDIT_ENTRY (sql.def); an id of zeroes is NULL. */
void audit_put(struct params *params, const struct audit_entry *entry);

/* STORE_AUDIT_WRITE, STORE_AUDIT_LIST: what is sent, and what comes back. */
chore_send_fn audit_send_write, audit_send_list;
chore_rows_fn audit_take_write, audit_take_list;
