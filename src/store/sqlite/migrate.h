/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings the database file to the schema of this binary.
 */
#pragma once

#include "core/check.h"
#include "store/sqlite/connection.h"

/* Applies what is missing, each migration in a transaction of its own. ERR_UNAVAILABLE (logged) when one fails, or when a newer
 * binary has been here: its schema is not known to this one. */
MUST_CHECK enum err sqlite_migrate(struct connection *connection);
