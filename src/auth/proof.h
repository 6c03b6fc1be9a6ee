/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One DPoP proof against the request it came with (RFC 9449 §4.2, §4.3).
 */
#pragma once

#include "auth/refusal.h"
#include "auth/rules.h"
#include "core/digest.h"

/* How far `iat` may lie back and ahead: a proof is made for its request, and the client's clock need not be ours. */
#define PROOF_PAST_MS 60000
#define PROOF_AHEAD_MS 5000

/* What a proof must fit; all borrowed. */
struct proof_demand {
    struct slice method, url;       /* of the request; the URL in any form, without query */
    struct slice token, thumbprint; /* the token, and the key it is bound to */
    const struct token_rules *rules;
    const struct slice *nonces; /* one of them must stand in it */
    size_t nonce_count;         /* 0: no nonce is asked for */
};

/* What is left to do about a proof that fits. */
struct proof {
    struct digest id; /* of its key and `jti`: must not have been seen before */
    size_t nonce;     /* the index of the one that stands in it */
};

/* `now_ms`: wall clock. REFUSAL_NONCE only for a proof with no other fault. */
enum refusal proof_check(
    struct slice text, const struct proof_demand *demand, int64_t now_ms, struct proof *out);
