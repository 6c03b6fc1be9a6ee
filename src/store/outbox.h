/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the store by the dispatcher: claim, settle, sweep.
 */
#pragma once

#include "store/audit.h"
#include "store/operation.h"

/* Claims queued messages that are due, by their turn: commits them as `sending`, attempts + 1, with the fencing token and lease. One whose
 * number is on the list of suppressions for `sender` or for all senders, or whose customer has opted out since, becomes
 * `suppressed` with a failure that says so, and is not among the claimed.
 * In: now, lease_until, token (fresh), limit, sender (may be empty). Out: messages, count, suppressed (how many). With count + suppressed =
 * limit there may be more. */
struct store_outbox_claim {
    struct store_op base;
    int64_t now, lease_until;
    struct uuid token;
    size_t limit;
    struct slice sender;
    struct message *messages;
    size_t count, suppressed;
};

/* What became of a claimed message; applied only while the message is `sending` under this token. */
struct settlement {
    struct uuid id;
    enum message_state state;
    bool
        attempt_refunded; /* the attempt was not the message's own fault: account stopped, gateway slowed */
    bool suppress;   /* the recipient has opted out: its number goes on the list for the sender */
    int64_t due_at;  /* when queued again; its turn is not before that */
    int64_t sent_at; /* when accepted, else 0 */
    int parts;       /* as billed by the gateway, 0 when it did not say */
    int64_t price;   /* `cost` in ten-thousandths of the currency's unit, 0 when not known */
    /* Absent keeps what is there. An empty, present failure takes it away: what was wrong before no longer counts (and the history's
     * entry of this change has none). */
    struct slice provider_id, provider_status, cost, failure;
};

/* Reports that came before their provider_id was known are applied in the same transaction, and what the messages cost is added to the day's
 * spending. In: now, day (of the spending: days since 1970), sender, token, items, count.
 * Out: applied (fewer than count when a lease was lost). */
struct store_outbox_settle {
    struct store_op base;
    int64_t now, day;
    struct slice sender;
    struct uuid token;
    const struct settlement *items;
    size_t count, applied;
};

/* Moves `sending` past its lease to `unknown` (and counts the loss: LOSSES_MAX of them quarantine a message), `queued` past its expiry to
 * `expired`, matches reports that wait (see STORE_REPORT_TAKE), then looks at the queue and the switch.
 * In: now, day, count_all (whether `depth` and `oldest_due` are wanted: they cost time by the length of the queue).
 * Out: lost, expired, matched, depth (queued; -1 when not counted), oldest_due and next_due (0 when empty or not counted),
 * spent (of the day, all copies), halted and since when and by whom. */
struct store_outbox_sweep {
    struct store_op base;
    int64_t now, day;
    bool count_all;
    int64_t lost, expired, matched, depth, oldest_due, next_due, spent;
    bool halted;
    int64_t halted_at;
    struct slice halted_by;
};

/* STORE_SENDING_SWITCH: halts all sending, by every copy of the service, or lets it go on. In: halt, now, by, entry (written on a change). */
struct store_sending_switch {
    struct store_op base;
    bool halt;
    int64_t now;
    struct slice by;
    struct audit_entry entry;
};
