/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claims of a verified access token (RFC 9068 §4, RFC 7519 §4.1), and what the provider says of an opaque one (RFC 7662 §2.2).
 */
#pragma once

#include <jansson.h>

#include "auth/refusal.h"
#include "auth/rules.h"
#include "core/check.h"

/* How far the issuer's clock may differ from ours. */
#define CLAIMS_SKEW_MS 60000

struct claims {
    struct slice subject, client_id; /* borrowed from the JSON */
    struct slice thumbprint; /* of the key it is bound to (RFC 9449 §6.1); absent when to none */
    int64_t expires_at;      /* wall clock, ms; skew included: from here on the token is refused */
};

/* Reads a time (RFC 7519 §2, NumericDate) as wall clock, ms. */
MUST_CHECK bool claims_time(const json_t *value, int64_t *out_ms);
/* Reads a text that is neither empty nor longer than any name is. */
MUST_CHECK bool claims_name(const json_t *value, struct slice *out);
/* True for a time that does not lie in the future, give or take the skew. */
MUST_CHECK bool claims_begun(const json_t *value, int64_t now_ms);
/* True for a text or a list of texts (RFC 7519 §4.1.3) with `ours` among them. */
MUST_CHECK bool claims_audience(const json_t *value, struct slice ours);

/* `now_ms`: wall clock. */
enum refusal claims_check(
    const json_t *fields, const struct token_rules *rules, int64_t now_ms, struct claims *out);
/* Of the provider's answer. There is no skew for the end: whoever answered did so by the same clock. */
enum refusal claims_check_answer(
    const json_t *fields, const struct token_rules *rules, int64_t now_ms, struct claims *out);
