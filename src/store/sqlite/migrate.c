/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migrations that are embedded in the binary, run one after the other.
 *
 * schema_migrations holds what was applied; a migration and its row commit together, so a killed run goes on where it was. No lock
 * is taken here: the lock on the file (file.h) keeps others out. Runs on the opening thread, with the writer's connection.
 */
#include "store/sqlite/migrate.h"

#include "core/clock.h"
#include "obs/log.h"
#include "store/migration.h"
#include "store/sqlite/query.h"

static void put(struct connection *connection, enum sql sql)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, sql);
    query_run(&query);
}

static int64_t last_applied(struct connection *connection)
{
    put(connection, SQL_MIGRATIONS_TABLE);
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_MIGRATION_LAST);
    return query_row(&query) ? query_take_i64(&query) : 0;
}

static void record(struct connection *connection, const struct migration *migration)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_MIGRATION_INSERT);
    query_put_i64(&query, migration->number);
    query_put_text(&query, slice_of(migration->name));
    query_put_i64(&query, clock_wall_ms());
    query_run(&query);
}

static bool apply(struct connection *connection, const struct migration *migration)
{
    put(connection, SQL_BEGIN);
    sqlite_script(connection, migration->sql);
    record(connection, migration);
    put(connection, SQL_COMMIT);
    if (sqlite_ok(connection)) {
        log_write(LOG_MIGRATION_APPLIED, LOG_NUMBER("number", migration->number),
            LOG_TEXT("name", slice_of(migration->name)));
        return true;
    }
    sqlite_rollback(connection);
    return false;
}

static enum err fail(int64_t number, const char *why)
{
    log_write(LOG_MIGRATION_FAILED, LOG_NUMBER("number", number), LOG_TEXT("why", slice_of(why)));
    return ERR_UNAVAILABLE;
}

enum err sqlite_migrate(struct connection *connection)
{
    size_t count;
    const struct migration *migrations = sqlite_migrations(&count);
    int64_t last = last_applied(connection);
    if (!sqlite_ok(connection)) return fail(0, connection->why);
    if (last > (int64_t)count) {
        return fail(last, "the database file was migrated by a newer version");
    }
    /* Whole tables may be copied and sorted, which must not take memory by their size. */
    sqlite_script(connection, "pragma temp_store = file");
    for (size_t i = (size_t)last; i < count; i++) {
        if (!apply(connection, &migrations[i])) {
            return fail(migrations[i].number, connection->why);
        }
    }
    sqlite_script(connection, "pragma temp_store = memory");
    return ERR_OK;
}
