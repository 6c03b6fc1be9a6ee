/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claims of a verified logout token (OpenID Connect Back-Channel Logout §2.4, §2.6).
 */
#pragma once

#include <jansson.h>

#include "auth/refusal.h"
#include "auth/rules.h"

/* Texts are borrowed from the claims. */
struct logout_claims {
    struct slice subject, sid; /* one of them may be absent */
    struct slice token_id;
    int64_t
        expires_at; /* wall clock, ms; skew included: until then a copy would be taken for good */
};

/* `now_ms`: wall clock. By lenient rules `exp` may be missing. */
enum refusal logout_claims_check(const json_t *claims, const struct token_rules *rules,
    struct slice client_id, int64_t now_ms, struct logout_claims *out);
