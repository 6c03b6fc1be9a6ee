/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people do with messages, and the scrub of old texts, as chores: what is sent, and what comes back.
 */
#pragma once

#include "store/postgres/chores.h"

chore_send_fn message_send_resend, message_send_settle, messages_send_resend, messages_send_scrub;
chore_rows_fn message_take_resend, message_take_settle, messages_take_resend, messages_take_scrub;
