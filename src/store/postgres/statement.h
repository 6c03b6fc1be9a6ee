/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prepared statements of the driver: those of sql.def, and the lists, whose texts lists.c assembles.
 */
#pragma once

#include <libpq-fe.h>

#include "store/store.h"

struct params;

/* The two connections of a link; each prepares its own statements. */
enum connection_role { ROLE_WRITE, ROLE_READ };

enum statement {
#define STATEMENT(role, name, text) STATEMENT_##name,
#include "store/postgres/sql.def"
#undef STATEMENT
    STATEMENT_COUNT
};

/* The name it is prepared under. */
const char *statement_name(enum statement statement);
/* Queues the preparation of every statement of the role; false when libpq could not take one. */
MUST_CHECK bool statements_prepare(PGconn *pg, enum connection_role role);

/* The sets of filters that lists have statements for, as they stand in their names. */
enum list_filter {
    LIST_BY_CUSTOMER = 1,
    LIST_AFTER = 2,
    LIST_BY_STATE = 4,
    LIST_BY_ORDER = 8,
    LIST_BY_PHONE = 16,
    LIST_SEARCH = 32,
};
#define LIST_FILTER_BITS 6

/* Bytes for the name of a list's statement. */
#define LIST_NAME_SIZE 32

/* Writes the name of the statement that answers this list and adds its parameters. */
void list_statement(const struct store_list *list, char name[LIST_NAME_SIZE], struct params *out);
/* Two columns then stand before the row's: whether it is one that was searched for, and whether it is the last that was looked at. */
bool list_is_search(const struct store_list *list);
/* The same for the statement that counts all of the list's rows: how many were searched for, how many looked at. */
void list_count_statement(
    const struct store_list *list, char name[LIST_NAME_SIZE], struct params *out);
/* Queues the preparation of every list; false as above. */
MUST_CHECK bool lists_prepare(PGconn *pg);
