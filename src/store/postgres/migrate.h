/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings the database to the form this binary knows, under a lock that all copies of the service share.
 */
#pragma once

#include "store/postgres/server.h"

/* One attempt, blocking; then reads the shared secret. ERR_UNAVAILABLE (logged) when it could not; `*newer` when the database was
 * migrated by a newer version, which no later attempt will change. */
MUST_CHECK enum err migrate_once(const char *database, struct digest *secret, bool *newer);

/* Attempts until one succeeds, on a thread of its own; then sets server->migrated. */
struct migrator *migrator_start(struct server *server);
/* Waits for the attempt that is running, and joins the thread. */
void migrator_stop(struct migrator *migrator);
