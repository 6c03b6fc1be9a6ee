/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole check of a token, without cache and waiting: signature first, claims only then, permissions last.
 *
 * Called by link.c on worker threads; stateless.
 */
#include "auth/token.h"

#include "auth/claims.h"
#include "auth/jws.h"
#include "auth/permission.h"
#include "core/check.h"
#include "core/json.h"

/* The claims, an address or a roles object in them, and room for a provider's own. */
#define CLAIMS_DEPTH_MAX 16

static void fill_identity(struct auth_check *check, const struct token_rules *rules,
    const json_t *fields, const struct claims *claims)
{
    struct identity *identity = &check->identity;
    *identity = (struct identity){
        .issuer = rules->issuer,
        .subject = arena_copy(check->arena, claims->subject),
        .client_id = arena_copy(check->arena, claims->client_id),
        .is_service = slice_equal(claims->subject, claims->client_id),
        .expires_at = claims->expires_at,
    };
    permission_grant(fields, rules, identity);
    identity->customer_code = arena_copy(check->arena, identity->customer_code);
}

static enum refusal check_payload(
    struct auth_check *check, const struct token_rules *rules, struct slice payload, int64_t now_ms)
{
    const char *fault;
    struct claims claims;
    CLEANUP(json_release)
    json_t *fields = json_decode(payload, CLAIMS_DEPTH_MAX, &fault);
    enum refusal refusal = claims_check(fields, rules, now_ms, &claims);
    if (!refusal) fill_identity(check, rules, fields, &claims);
    return refusal;
}

enum refusal token_check(struct auth_check *check, const struct token_rules *rules,
    const struct keyset *keys, int64_t now_ms)
{
    CLEANUP(jws_deinit)
    struct jws jws;
    enum refusal refusal = jws_parse(&jws, check->token);
    if (!refusal) refusal = jws_verify(&jws, rules, keys);
    if (!refusal) refusal = check_payload(check, rules, buf_slice(&jws.payload), now_ms);
    return refusal;
}
