/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher's operations and the purge of old keys, as chores: what is sent, and what comes back.
 */
#pragma once

#include "store/postgres/chores.h"

/* Nobody's request waits here, and messages of a claim that is given up end as unknown though nobody sent them. So what may have been
 * committed is asked about for as long as the claimer could still make use of it (LEASE_MARGIN_MS in sms/dispatcher.h). */
#define OUTBOX_UNSURE_MS 30000

chore_send_fn outbox_send_claim, outbox_send_settle, outbox_send_sweep, outbox_send_purge;
chore_rows_fn outbox_take_claim, outbox_take_settle, outbox_take_sweep, outbox_take_purge;

/* STORE_SENDING_SWITCH. */
chore_send_fn outbox_send_switch;
chore_rows_fn outbox_take_switch;
