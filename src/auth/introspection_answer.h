/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the provider's answer about an opaque token means (RFC 7662 §2.2, §2.3).
 */
#pragma once

#include "auth/auth.h"
#include "auth/refusal.h"
#include "auth/rules.h"
#include "net/outbound.h"

/* How long an answer may stand in for another question (RFC 7662 §4): within this a revoked token is refused. */
#define INTROSPECTION_KEEP_MS 30000

struct introspection_answer {
    const char *fault; /* NULL when the provider said what it thinks of the token; else a literal */
    bool client_refused;      /* with a fault: the provider does not take our own credentials */
    enum refusal refusal;     /* without a fault */
    struct identity identity; /* with REFUSAL_NONE; until expires_at the answer may be kept */
};

/* `call` has completed; the identity's texts go into its arena. `now_ms`: wall clock. */
struct introspection_answer introspection_answer_read(
    const struct outbound_call *call, const struct token_rules *rules, int64_t now_ms);
