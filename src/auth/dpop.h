/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that are bound to a key of their bearer (RFC 9449): whether a good token may be used in the way it came.
 */
#pragma once

#include "auth/auth.h"
#include "auth/rules.h"

struct dpop;

/* `nonces`: proofs must carry a nonce of ours. */
struct dpop *dpop_new(bool nonces);
/* NULL is fine. */
void dpop_free(struct dpop *dpop);
/* For every request with a token that passed every other check, cached or not; check->identity is set. `dpop` is NULL where the setting
 * is off; `rules` are the token's issuer's. ERR_OK, ERR_INVALID_TOKEN, ERR_INVALID_DPOP_PROOF, ERR_USE_DPOP_NONCE, ERR_BUSY (logged,
 * but for that last); sets check->nonce. Any thread. */
MUST_CHECK enum err dpop_admit(
    struct dpop *dpop, const struct token_rules *rules, struct auth_check *check);
