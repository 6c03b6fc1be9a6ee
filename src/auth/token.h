/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One bearer token against the rules and the keys of every issuer: from text to identity.
 */
#pragma once

#include "auth/auth.h"
#include "auth/claims.h"
#include "auth/keyset.h"
#include "auth/refusal.h"
#include "auth/rules.h"

/* One issuer whose tokens are taken. */
struct trust {
    const struct token_rules *rules;
    const struct keyset *keys; /* NULL: none at hand */
};

/* Reads check->token; fills check->identity with REFUSAL_NONE, its texts in check->arena (the issuer's is the settings'). `now_ms`: wall
 * clock. `*lacking`: those of `trusts` (bit 1 << index) whose newer keys might turn the refusal into something else; 0 with none. */
enum refusal token_check(struct auth_check *check, const struct trust *trusts, size_t count,
    int64_t now_ms, unsigned *lacking);
/* Who the checked claims say the bearer is; texts go into `arena`. */
void token_identity(const json_t *fields, const struct claims *claims,
    const struct token_rules *rules, struct arena *arena, struct identity *out);
