/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tables of SQLSTATE prefixes. Pure but for the log line; any thread.
 */
#include "store/postgres/fault.h"

#include "core/check.h"
#include "obs/log.h"

struct fault_row {
    const char *prefix;
    enum fault fault;
};

static const struct fault_row rows[] = {
    {"40", FAULT_RETRY},          /* serialization failure, deadlock */
    {"55P03", FAULT_RETRY},       /* lock_timeout */
    {"08", FAULT_UNAVAILABLE},    /* connection */
    {"25006", FAULT_UNAVAILABLE}, /* read-only: a standby, or set so */
    {"53", FAULT_UNAVAILABLE},    /* disk full, out of memory, too many connections */
    {"57", FAULT_UNAVAILABLE},    /* statement_timeout, shutdown */
    {"58", FAULT_UNAVAILABLE},    /* I/O error */
};

/* A pooler or an administrator took our prepared statements, or a migration changed what they answer; a standby stays one. */
static const char *const session_ends[] = {"08", "26000", "0A000", "25006", "57P"};

enum fault fault_of(const char sqlstate[SQLSTATE_SIZE])
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (slice_starts(slice_of(sqlstate), slice_of(rows[i].prefix))) return rows[i].fault;
    }
    return FAULT_OURS;
}

bool fault_ends_session(const char *sqlstate)
{
    for (size_t i = 0; i < ARRAY_LEN(session_ends); i++) {
        if (slice_starts(slice_of(sqlstate), slice_of(session_ends[i]))) return true;
    }
    return false;
}

enum err fault_answer(const char *operation, const char sqlstate[SQLSTATE_SIZE])
{
    log_write(LOG_STORE_FAULT, LOG_TEXT("operation", slice_of(operation)),
        LOG_TEXT("sqlstate", slice_of(sqlstate)));
    return fault_of(sqlstate) == FAULT_OURS ? ERR_INTERNAL : ERR_UNAVAILABLE;
}
