/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claims of a verified access token (RFC 9068 §4, RFC 7519 §4.1).
 */
#pragma once

#include <jansson.h>

#include "auth/refusal.h"
#include "auth/rules.h"

/* How far the issuer's clock may differ from ours. */
#define CLAIMS_SKEW_MS 60000

struct claims {
    struct slice subject, client_id; /* borrowed from the JSON */
    int64_t expires_at; /* wall clock, ms; skew included: from here on the token is refused */
};

/* `now_ms`: wall clock. */
enum refusal claims_check(
    const json_t *fields, const struct token_rules *rules, int64_t now_ms, struct claims *out);
