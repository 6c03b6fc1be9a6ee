/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends of sample sessions, and what the audit log tells of them.
 */
#pragma once

#include "session_sample.h"

/* Its entry's record is `record`. */
static struct store_session_end *new_end(struct fixture *fixture, const char *record)
{
    struct store_session_end *op = make(fixture, STORE_SESSION_END, sizeof(*op));
    op->entry = entry_of(fixture, AUDIT_SESSION_ENDED, record);
    return op;
}

static struct store_session_end *new_end_by_id(
    struct fixture *fixture, const char *name, const char *record)
{
    struct store_session_end *op = new_end(fixture, record);
    op->by_id = true;
    op->id = id_of(name);
    return op;
}

/* By a logout token, which is remembered for a minute; each of sid and subject may be NULL. */
static struct store_session_end *new_end_by_token(
    struct fixture *fixture, const char *token, const char *sid, const char *subject)
{
    struct store_session_end *op = new_end(fixture, token);
    op->issuer = SLICE(ISSUER);
    op->sid = slice_of(sid);
    op->subject = slice_of(subject);
    op->once = true;
    op->token = id_of(token);
    op->token_until = NOW + 60000;
    return op;
}

/* How many entries of the audit log tell of the record. */
static size_t count_entries(struct fixture *fixture, const char *record)
{
    struct store_list *op = make(fixture, STORE_AUDIT_LIST, sizeof(*op));
    op->to = INT64_MAX;
    op->record = slice_of(record);
    op->limit = STORE_LIST_MAX;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op->count;
}
