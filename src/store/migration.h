/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migrations that are embedded in the binary: generated at build time from src/store/<driver>/migrations/NNNN_name.sql.
 */
#pragma once

#include <stddef.h>

struct migration {
    unsigned number;
    const char *name;
    const char *sql;
};

/* In ascending order of number. */
const struct migration *postgres_migrations(size_t *count);
const struct migration *sqlite_migrations(size_t *count);
