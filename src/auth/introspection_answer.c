/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an HTTP answer to an identity, a refusal, or a fault of the provider.
 *
 *   200 and a JSON object        → its claims decide (claims.c); only `"active": true` lets anybody in
 *   400 unsupported_token_type   → a refusal: providers say so of tokens that they do not keep
 *   401, 403, invalid_client     → a fault of our settings: nobody's token is to blame, and nobody gets in
 *   everything else              → a fault of the provider
 *
 * Called by introspection.c on the identity loop's thread; stateless.
 */
#include "auth/introspection_answer.h"

#include "auth/claims.h"
#include "auth/token.h"
#include "core/json.h"

/* The claims, an address or a roles object in them, and room for a provider's own. */
#define DEPTH_MAX 16

/* RFC 7662 §2.2 and RFC 6749 §5.2 have JSON in both; a page of HTML with status 200 is some proxy's. */
static bool is_json(struct slice media_type)
{
    return slice_equal_nocase(slice_trim(slice_cut(&media_type, ';')), SLICE("application/json"));
}

static struct introspection_answer fault(const char *why)
{
    return (struct introspection_answer){.fault = why};
}

static struct introspection_answer refused(enum refusal refusal)
{
    return (struct introspection_answer){.refusal = refusal};
}

static struct introspection_answer client_refused(void)
{
    return (struct introspection_answer){
        .fault = "the provider does not take our client's credentials",
        .client_refused = true,
    };
}

/* Scopes stand in `scope` (RFC 7662 §2.2), whatever they are called in the provider's tokens. */
static struct introspection_answer read_claims(const struct outbound_call *call,
    const struct token_rules *set, const json_t *fields, int64_t now_ms)
{
    struct claims claims;
    struct token_rules rules = *set;
    struct introspection_answer answer = {
        .refusal = claims_check_answer(fields, &rules, now_ms, &claims)};
    rules.scope_claim = slice_absent();
    if (answer.refusal) return answer;
    if (claims.expires_at > now_ms + INTROSPECTION_KEEP_MS) {
        claims.expires_at = now_ms + INTROSPECTION_KEEP_MS;
    }
    token_identity(fields, &claims, &rules, call->arena, &answer.identity);
    return answer;
}

/* RFC 6749 §5.2, RFC 7009 §2.2.1. */
static struct introspection_answer read_error(const json_t *fields)
{
    struct slice error = json_text(json_object_get(fields, "error"));
    if (slice_equal(error, SLICE("unsupported_token_type"))) return refused(REFUSAL_INACTIVE);
    if (slice_equal(error, SLICE("invalid_client"))) return client_refused();
    if (slice_equal(error, SLICE("unauthorized_client"))) return client_refused();
    return fault("the provider refused the question");
}

struct introspection_answer introspection_answer_read(
    const struct outbound_call *call, const struct token_rules *rules, int64_t now_ms)
{
    const char *why;
    if (call->result != OUTBOUND_ANSWERED) return fault("the provider did not answer");
    if (call->status == 401 || call->status == 403) return client_refused();
    if (call->status != 200 && call->status != 400) {
        return fault("the provider answered with an error or a redirect");
    }
    if (!is_json(call->media_type)) return fault("the provider's answer is not JSON");
    CLEANUP(json_release)
    json_t *fields = json_decode(call->reply, DEPTH_MAX, &why);
    if (!json_is_object(fields)) return fault("the provider's answer is not a JSON object");
    return call->status == 200 ? read_claims(call, rules, fields, now_ms) : read_error(fields);
}
