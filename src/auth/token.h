/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One bearer token against the rules and the keys: from text to identity.
 */
#pragma once

#include "auth/auth.h"
#include "auth/keyset.h"
#include "auth/refusal.h"
#include "auth/rules.h"

/* Reads check->token; fills check->identity with REFUSAL_NONE, its texts in check->arena (the issuer's is the settings'). `now_ms`: wall
 * clock. */
enum refusal token_check(struct auth_check *check, const struct token_rules *rules,
    const struct keyset *keys, int64_t now_ms);
