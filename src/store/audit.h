/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did what, to which record, when, from where: written in the transaction of the change itself.
 */
#pragma once

#include "core/uuid.h"

enum audit_action {
#define AUDIT_ACTION(name, text) AUDIT_##name,
#include "store/audit.def"
#undef AUDIT_ACTION
    AUDIT_ACTION_COUNT
};

/* "unknown" for AUDIT_ACTION_COUNT. */
struct slice audit_action_text(enum audit_action action);
/* False, and AUDIT_ACTION_COUNT, for a text that names no action: a newer version may have written it. */
bool audit_action_parse(struct slice text, enum audit_action *out);

/* The acting person or program. Texts are borrowed. */
struct audit_actor {
    struct slice issuer, subject, client_id; /* each may be absent */
    struct slice address;                    /* IP address of the connection */
    struct slice request;                    /* the request's id */
};

/* One row. `id` is a new UUIDv7: entries sort by it, and `at` is of the same clock and moment. */
struct audit_entry {
    struct uuid id;
    int64_t at;
    struct audit_actor actor;
    enum audit_action action;
    struct slice record; /* what was acted on: an id as text, or a subject; may be absent */
};

/* Where the entries of a page stand: from `low` up to, not including, `high`; `at` must still be compared. */
struct audit_range {
    struct uuid low, high;
};
struct store_list;
struct audit_range audit_range(const struct store_list *list);
