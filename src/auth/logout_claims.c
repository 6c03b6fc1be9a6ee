/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a verified token ends sessions, and whose.
 *
 * With S for the skew, a token is good while  iat - S <= now < min(exp, iat + AGE_MAX) + S.  The age bounds how long its jti must be
 * remembered, whatever `exp` says. Where `exp` is missing, which only lenient rules allow, iat + BARE_AGE_MAX stands for it, without a skew.
 * Pure; any thread.
 */
#include "auth/logout_claims.h"

#include "auth/claims.h"
#include "core/json.h"

/* Providers are told to let them live for two minutes (§2.4), some take more. */
#define AGE_MAX_MS INT64_C(600000)
#define BARE_AGE_MAX_MS INT64_C(120000)
#define EVENT "http://schemas.openid.net/event/backchannel-logout"

static const json_t *claim(const json_t *claims, const char *name)
{
    return json_object_get(claims, name);
}

static enum refusal check_times(
    const json_t *claims, bool lenient, int64_t now_ms, struct logout_claims *out)
{
    int64_t issued_ms, expiry_ms;
    const json_t *expiry = claim(claims, "exp");
    if (!claims_begun(claim(claims, "iat"), now_ms)) return REFUSAL_ISSUED_AT;
    if (!claims_time(claim(claims, "iat"), &issued_ms)) return REFUSAL_ISSUED_AT;
    if (!expiry) {
        if (!lenient) return REFUSAL_EXPIRY;
        out->expires_at = issued_ms + BARE_AGE_MAX_MS + 1;
    } else {
        if (!claims_time(expiry, &expiry_ms)) return REFUSAL_EXPIRY;
        if (expiry_ms > issued_ms + AGE_MAX_MS) expiry_ms = issued_ms + AGE_MAX_MS;
        out->expires_at = expiry_ms + CLAIMS_SKEW_MS;
    }
    return now_ms >= out->expires_at ? REFUSAL_EXPIRED : REFUSAL_NONE;
}

/* A claim that may be left out, but not be something else. */
static bool read_optional(const json_t *value, struct slice *out)
{
    *out = slice_absent();
    return !value || claims_name(value, out);
}

static enum refusal check_whose(const json_t *claims, struct logout_claims *out)
{
    if (!read_optional(claim(claims, "sub"), &out->subject)) return REFUSAL_SUBJECT;
    if (!read_optional(claim(claims, "sid"), &out->sid)) return REFUSAL_SESSION;
    bool anybody = slice_present(out->subject) || slice_present(out->sid);
    return anybody ? REFUSAL_NONE : REFUSAL_SUBJECT;
}

enum refusal logout_claims_check(const json_t *claims, const struct token_rules *rules,
    struct slice client_id, int64_t now_ms, struct logout_claims *out)
{
    *out = (struct logout_claims){.expires_at = 0};
    if (!json_is_object(claims)) return REFUSAL_CLAIMS;
    if (!slice_equal(json_text(claim(claims, "iss")), rules->issuer)) return REFUSAL_ISSUER;
    if (!claims_audience(claim(claims, "aud"), client_id)) return REFUSAL_AUDIENCE;
    enum refusal refusal = check_times(claims, rules->lenient, now_ms, out);
    if (refusal) return refusal;
    if (!claims_name(claim(claims, "jti"), &out->token_id)) return REFUSAL_TOKEN_ID;
    if (!json_is_object(json_object_get(claim(claims, "events"), EVENT))) return REFUSAL_EVENTS;
    /* The mark of an ID token; forbidden here so that neither passes for the other. */
    if (claim(claims, "nonce")) return REFUSAL_OTHER_KIND;
    return check_whose(claims, out);
}
