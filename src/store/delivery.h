/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the store about messages that were handed over: delivery reports, resending, settling by hand, scrubbing.
 *
 * Each is one transaction; with an entry of the audit log where a person or program asked for it, written when something changed.
 */
#pragma once

#include "store/audit.h"
#include "store/operation.h"

/* What a report says, by how much it counts: a message takes over a report that ranks above the last one, so states move forward only. An
 * absent subscriber is a failure that success may still follow; the first of the final ones stays. */
enum report_rank {
    REPORT_UNHEARD_OF = 0, /* a word we do not know: kept, changes nothing */
    REPORT_SENT = 1,
    REPORT_SUBMITTED = 2,
    REPORT_BUFFERED = 3,
    REPORT_ABSENT = 10,
    REPORT_FINAL = 20,
};

/* A delivery report. Reports are the same when provider_id and status are (compared as bytes). */
struct report {
    struct uuid id; /* fresh */
    struct slice provider_id, status;
    struct slice phone;           /* E.164, or absent */
    struct slice network, reason; /* each may be absent */
    enum report_rank rank;
    enum message_state state; /* what it makes of a message: accepted, delivered or failed */
    int64_t received_at;
};

/* STORE_REPORT_TAKE: keeps the report, and applies it to the message with that provider_id. Without such a message it waits: a settlement
 * that brings the provider_id applies it, and the sweep looks again. It settles an `unknown` message only by this rule
 * (reference: the vendor gives no reference of ours): exactly one message to that number is `unknown`, none is `sending` or `accepted`,
 * no other provider_id's report waits for that number, and it came within REPORT_WINDOW_MS after the message's last attempt; the
 * message then takes over the provider_id.
 * In: report. Out: repeated (we had it: nothing is changed), matched, message (its id, when matched). */
struct store_report_take {
    struct store_op base;
    struct report report;
    bool repeated, matched;
    struct uuid message;
};
#define REPORT_WINDOW_MS (INT64_C(48) * 3600 * 1000)

/* STORE_MESSAGE_RESEND: `failed`, `expired` and `dead`, and with `unknown_too` an `unknown` one, become `queued` again: attempts 0, due now,
 * without provider_id, status, cost, failure and report. In: id, now, expires_at, unknown_too, entry. Out: row.
 * Errors: ERR_NOT_FOUND, ERR_NOT_RESENDABLE (another state, or its text is gone), ERR_QUARANTINED (LOSSES_MAX leases were lost). */
struct store_message_resend {
    struct store_op base;
    struct uuid id;
    int64_t now, expires_at;
    bool unknown_too;
    struct audit_entry entry;
    struct message row;
};
/* A message over which the service died this often is not sent again. */
#define LOSSES_MAX 3

/* STORE_MESSAGES_RESEND: the same for up to `limit` messages of one state (failed, expired or dead), oldest first; those that cannot be
 * resent are left out. In: state, from, to (created_at, half open), customer (code, or absent), limit, dry_run (count only), now,
 * expires_at, entry (record: the state). Out: matched (at most limit), resent. */
struct store_messages_resend {
    struct store_op base;
    enum message_state state;
    int64_t from, to;
    struct slice customer;
    size_t limit;
    bool dry_run;
    int64_t now, expires_at;
    struct audit_entry entry;
    size_t matched, resent;
};
#define STORE_RESEND_MAX 1000

/* STORE_MESSAGE_SETTLE: a person knows what became of an `unknown` message. In: id, state (delivered or failed), note (failure, or absent),
 * now, entry. Out: row. Errors: ERR_NOT_FOUND, ERR_NOT_UNKNOWN. */
struct store_message_settle {
    struct store_op base;
    struct uuid id;
    enum message_state state;
    struct slice note;
    int64_t now;
    struct audit_entry entry;
    struct message row;
};

/* STORE_MESSAGES_SCRUB: empties the bodies of messages made before `before` that are neither queued nor sending, at most STORE_BATCH_MAX * 8
 * at a time, oldest first, from where the last scrub ended. In: before. Out: scrubbed. */
struct store_messages_scrub {
    struct store_op base;
    int64_t before;
    int64_t scrubbed;
};
