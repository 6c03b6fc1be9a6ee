/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole check of a token, without cache and waiting: signature first, claims only then, permissions last.
 *
 * No claim is believed before a signature is: each issuer's rules and keys have their turn, and a token is the first issuer's whose
 * keys verify it and whose name it bears. One issuer's keys never vouch for another's name, whatever they are called.
 *
 * Called by link.c on worker threads, of opaque tokens' claims on the identity loop's; stateless.
 */
#include "auth/token.h"

#include "auth/jws.h"
#include "auth/permission.h"
#include "core/check.h"
#include "core/json.h"

/* The claims, an address or a roles object in them, and room for a provider's own. */
#define CLAIMS_DEPTH_MAX 16

void token_identity(const json_t *fields, const struct claims *claims,
    const struct token_rules *rules, struct arena *arena, struct identity *out)
{
    *out = (struct identity){
        .issuer = rules->issuer,
        .subject = arena_copy(arena, claims->subject),
        .client_id = arena_copy(arena, claims->client_id),
        .thumbprint = arena_copy(arena, claims->thumbprint),
        .is_service = slice_equal(claims->subject, claims->client_id),
        .expires_at = claims->expires_at,
    };
    permission_grant(fields, rules, out);
    out->customer_code = arena_copy(arena, out->customer_code);
}

static enum refusal check_payload(
    struct auth_check *check, const struct token_rules *rules, struct slice payload, int64_t now_ms)
{
    const char *fault;
    struct claims claims;
    CLEANUP(json_release)
    json_t *fields = json_decode(payload, CLAIMS_DEPTH_MAX, &fault);
    enum refusal refusal = claims_check(fields, rules, now_ms, &claims);
    if (!refusal) token_identity(fields, &claims, rules, check->arena, &check->identity);
    return refusal;
}

static enum refusal check_by(
    struct auth_check *check, const struct trust *trust, const struct jws *jws, int64_t now_ms)
{
    if (!trust->keys) return REFUSAL_UNKNOWN_KEY;
    enum refusal refusal = jws_verify(jws, JWS_ACCESS_TOKEN, trust->rules, trust->keys);
    if (refusal) return refusal;
    return check_payload(check, trust->rules, buf_slice(&jws->payload), now_ms);
}

/* The issuer's own keys have verified it, and it names the issuer: nobody else needs to be asked. Refusals stand in the order of the
 * checks, and `iss` is the first claim that is read. */
static bool is_settled(enum refusal refusal)
{
    return refusal == REFUSAL_NONE || refusal > REFUSAL_ISSUER;
}

enum refusal token_check(struct auth_check *check, const struct trust *trusts, size_t count,
    int64_t now_ms, unsigned *lacking)
{
    CLEANUP(jws_deinit)
    struct jws jws;
    enum refusal furthest = jws_parse(&jws, check->token);
    *lacking = 0;
    if (furthest) return furthest;
    check(count > 0);
    for (size_t i = 0; i < count; i++) {
        enum refusal refusal = check_by(check, &trusts[i], &jws, now_ms);
        if (refusal == REFUSAL_UNKNOWN_KEY) *lacking |= 1u << i;
        if (refusal > furthest) furthest = refusal;
        if (!is_settled(refusal)) continue;
        *lacking = 0;
        return refusal;
    }
    return furthest;
}
