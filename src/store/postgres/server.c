/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How every connection to the server is made.
 *
 * What stands before `dbname` is our default, and the connection string may say otherwise; what stands behind it is ours to fix.
 * A peer that went silent is noticed within about half a minute while idle, and within ten seconds while we write.
 *
 * Any thread. The caller owns the PGconn. Limits: libpq resolves host names with a blocking look-up; use an address, a socket folder
 * or a local resolver where that matters.
 */
#include "store/postgres/server.h"

static const char *const keywords[] = {"application_name", "connect_timeout", "keepalives_idle",
    "keepalives_interval", "keepalives_count", "tcp_user_timeout", "dbname", "client_encoding",
    NULL};

#define DATABASE_AT 6

static void fill_values(const char *values[ARRAY_LEN(keywords)], const char *database)
{
    static const char *const presets[ARRAY_LEN(keywords)] = {
        "agizo", "3", "15", "5", "3", "10000", NULL, "UTF8", NULL};
    memcpy(values, presets, sizeof(presets));
    values[DATABASE_AT] = database;
}

/* libpq would print what the server remarks to stderr, which is our log. */
static void ignore_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

bool server_address_valid(const char *database)
{
    PQconninfoOption *options = PQconninfoParse(database, NULL);
    PQconninfoFree(options);
    return options != NULL;
}

PGconn *server_connect_start(const char *database)
{
    const char *values[ARRAY_LEN(keywords)];
    fill_values(values, database);
    PGconn *pg = PQconnectStartParams(keywords, values, 1);
    if (pg) PQsetNoticeProcessor(pg, ignore_notice, NULL);
    return pg;
}

PGconn *server_connect(const char *database)
{
    const char *values[ARRAY_LEN(keywords)];
    fill_values(values, database);
    PGconn *pg = PQconnectdbParams(keywords, values, 1);
    check(pg);
    PQsetNoticeProcessor(pg, ignore_notice, NULL);
    return pg;
}
