/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People's sessions: the writes as chores, and the one read.
 */
#pragma once

#include "store/postgres/chores.h"
#include "store/session.h"

chore_send_fn session_send_create, session_send_touch, session_send_refresh, session_send_end,
    sessions_send_purge;
chore_rows_fn session_take_create, session_take_touch, session_take_refresh, session_take_end,
    sessions_take_purge;

/* STORE_SESSION_GET, among the reads. */
chore_send_fn session_send_get;
chore_rows_fn session_take_get;
