/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database file and the lock beside it.
 */
#pragma once

#include "core/check.h"

/* Makes the file if there is none, readable by its owner alone, and locks `<path>.lock` for this process. Returns the lock's
 * descriptor; closing it releases the lock. -1 (logged) when the path cannot be used or another process has it. */
MUST_CHECK int file_take(const char *path);
