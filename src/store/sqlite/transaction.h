/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A write transaction of the SQLite driver, and the operations that can be its members.
 *
 * A member reads, decides and writes through the transaction's connection and returns the answer of a foreseeable end; failures
 * of the database it leaves as the connection's mark. It may be run a second time, from the start, after a rollback.
 */
#pragma once

#include "store/sqlite/connection.h"
#include "store/store.h"
#include "store/turns.h"

struct transaction {
    struct connection *connection;
    const struct store_hooks *hooks;
    struct turns *turns; /* the writer's */
    size_t queued;       /* messages that it queued */
};

typedef enum err member_fn(struct transaction *transaction, struct store_op *op);

/* create.c */
member_fn sqlite_customer_create, sqlite_order_create;
/* outbox.c */
member_fn sqlite_outbox_claim, sqlite_outbox_settle;
/* sweep.c */
member_fn sqlite_outbox_sweep, sqlite_sending_switch;
/* reports.c */
member_fn sqlite_report_take;
/* messages.c */
member_fn sqlite_message_resend, sqlite_messages_resend, sqlite_message_settle;
/* scrub.c */
member_fn sqlite_messages_scrub;
/* suppressions.c */
member_fn sqlite_suppression_add, sqlite_suppression_remove;
/* templates.c */
member_fn sqlite_template_put, sqlite_template_remove;
/* keys.c */
member_fn sqlite_keys_purge;
/* audit.c */
member_fn sqlite_audit_write;
/* sessions.c */
member_fn sqlite_session_create, sqlite_session_touch, sqlite_session_refresh, sqlite_session_end,
    sqlite_sessions_purge;
