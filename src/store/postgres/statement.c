/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table made of sql.def. Constant; any thread. No value of a request ever becomes part of a statement's text.
 */
#include "store/postgres/statement.h"

#include "store/history.h"

struct statement_row {
    enum connection_role role;
    const char *name, *text;
};

static const struct statement_row rows[] = {
#define STATEMENT(role, name, text) {ROLE_##role, #name, text},
#include "store/postgres/sql.def"
#undef STATEMENT
};

const char *statement_name(enum statement statement)
{
    check(statement < STATEMENT_COUNT);
    return rows[statement].name;
}

bool statements_prepare(PGconn *pg, enum connection_role role)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].role != role) continue;
        if (!PQsendPrepare(pg, rows[i].name, rows[i].text, 0, NULL)) return false;
    }
    return role != ROLE_READ || lists_prepare(pg);
}
