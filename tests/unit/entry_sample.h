/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of the audit log that go with an operation, and how many of them were written.
 */
#pragma once

#include "sample.h"
#include "store_cases.h"

static inline struct audit_entry entry_of(enum audit_action action, const char *record)
{
    return (struct audit_entry){.id = uuid_new(),
        .at = NOW,
        .actor = {.subject = SLICE("asha")},
        .action = action,
        .record = slice_of(record)};
}

/* How many entries of the audit log tell of the record. */
static inline size_t count_entries(struct fixture *fixture, const char *record)
{
    struct store_list *op = make(fixture, STORE_AUDIT_LIST, sizeof(*op));
    op->to = INT64_MAX;
    op->record = slice_of(record);
    op->limit = STORE_LIST_MAX;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op->count;
}
