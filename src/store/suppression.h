/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the store about numbers that must not get SMS.
 */
#pragma once

#include "store/audit.h"
#include "store/operation.h"

/* A number that gets nothing from `sender`; from nobody when `sender` is empty. */
struct suppression {
    struct uuid id;
    struct slice phone;  /* E.164 */
    struct slice sender; /* compared without case */
    struct slice source; /* "optout" (the gateway's callback), "gateway" (status 406) or "manual" */
    struct slice reason; /* for people, or absent */
    struct slice created_by;
    int64_t created_at;
};

/* STORE_SUPPRESSION_ADD. In: row with a fresh id, entry. Out: standing, the row as it stands on the list; `existing` when number and
 * sender were there before (then nothing is written). */
struct store_suppression_add {
    struct store_op base;
    struct suppression row;
    struct audit_entry entry;
    struct suppression standing;
    bool existing;
};

/* STORE_SUPPRESSION_REMOVE. In: id, entry. Errors: ERR_NOT_FOUND. Messages that were suppressed stay so. */
struct store_suppression_remove {
    struct store_op base;
    struct uuid id;
    struct audit_entry entry;
};

/* STORE_SUPPRESSION_LIST is a list (store/page.h) with the filter `phone`. */
