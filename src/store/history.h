/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of a message's life as it stands in `history`: both stores append the same bytes. Pure; any thread.
 */
#pragma once

#include "core/buf.h"
#include "store/row.h"

struct history_change {
    enum message_state state;
    int64_t at;
    int attempt;          /* 0 where the change starts no attempt */
    struct slice failure; /* valid UTF-8, or absent */
};

/* Bytes of one fragment at most; texts of a gateway are cut to far less before they get here. */
#define HISTORY_CHANGE_MAX 65536

/* Past this many characters attempts that come to nothing are no longer recorded, only how it ends: a gateway that says "later" for a
 * day would make a row of megabytes, written anew each time. Stands in both stores' statements. */
#define HISTORY_ENOUGH "16000"

/* What the service itself writes as `failure`. */
#define FAILURE_LEASE_LOST SLICE("lease lost")
#define FAILURE_EXPIRED SLICE("expired")
#define FAILURE_SUPPRESSED SLICE("the number is on the list of suppressions")
#define FAILURE_OPTED_OUT SLICE("the customer has opted out")

/* Appends a comma and one JSON object: ,{"state":"sending","at":"2026-01-02T03:04:05.678Z","attempt":2} */
void history_put(struct buf *out, const struct history_change *change);
