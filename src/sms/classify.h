/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer of Africa's Talking means for the message that was sent.
 */
#pragma once

#include "net/outbound.h"

enum verdict_class {
    VERDICT_ACCEPTED,
    VERDICT_RETRY,         /* provably not taken; back off, try again until it expires */
    VERDICT_RETRY_LIMITED, /* likewise, `retries` times, then permanent */
    VERDICT_ACCOUNT_STOP, /* the account, not the message: nothing more is sent until it is mended */
    VERDICT_PERMANENT,
    VERDICT_PERMANENT_SUPPRESS, /* the recipient has opted out */
    VERDICT_UNKNOWN,            /* may have been taken: never sent again blindly */
};

enum verdict_flag {
    VERDICT_SLOW = 1,   /* the gateway as a whole is unwell or asks for less */
    VERDICT_REFUND = 2, /* not the message's own fault: the attempt does not count */
    VERDICT_ALARM = 4,  /* our defect or configuration: somebody must look */
};

struct verdict {
    enum verdict_class class;
    unsigned flags;
    int retries;            /* of VERDICT_RETRY_LIMITED */
    int64_t delay_ms;       /* a fixed delay before the retry; 0: back off */
    int64_t retry_after_ms; /* as the gateway asked; -1 when it did not */
    int parts;              /* as billed; 0 when not said */
    struct slice reason;    /* for people; absent when accepted */
    struct slice provider_id, provider_status, cost; /* each may be absent */
};

/* Judges a completed call that sent one message to `to` (E.164). Texts of the verdict are literals or in the call's arena.
 * Pure otherwise. */
struct verdict classify_send(const struct outbound_call *call, struct slice to);

/* The answer to the balance call: the account's key is accepted and there is money left. `why` (a literal) when not. */
bool classify_balance(const struct outbound_call *call, const char **why);
