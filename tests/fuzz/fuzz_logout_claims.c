/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims of a logout token whose signature was good: `s` before those for strict rules, `l` for lenient ones.
 *
 * Beyond crashes it looks for claims that end sessions although they are not for us, not now, no logout token's, or nobody's.
 */
#include "auth/claims.h"
#include "auth/logout_claims.h"
#include "core/json.h"

#define NOW INT64_C(1800000000000)
#define AGE_MAX_MS INT64_C(600000)
#define EVENT "http://schemas.openid.net/event/backchannel-logout"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge_text(const json_t *claims, const char *name, struct slice taken)
{
    const json_t *value = json_object_get(claims, name);
    check(slice_present(taken) == (value != NULL));
    if (value) check(taken.len > 0 && slice_equal(taken, json_text(value)));
}

static void judge(const json_t *claims, const struct logout_claims *taken, bool lenient)
{
    check(slice_equal(json_text(json_object_get(claims, "iss")), SLICE("https://id.example")));
    check(json_object_get(claims, "aud") && !json_object_get(claims, "nonce"));
    check(json_is_object(json_object_get(json_object_get(claims, "events"), EVENT)));
    check(slice_present(taken->subject) || slice_present(taken->sid));
    check(slice_present(taken->token_id));
    check(taken->expires_at > NOW && taken->expires_at <= NOW + AGE_MAX_MS + 2 * CLAIMS_SKEW_MS);
    check(lenient || json_is_number(json_object_get(claims, "exp")));
    judge_text(claims, "sub", taken->subject);
    judge_text(claims, "sid", taken->sid);
    judge_text(claims, "jti", taken->token_id);
}

static void read_claims(struct slice text, bool lenient)
{
    const char *fault;
    struct logout_claims taken;
    const struct token_rules rules = {.issuer = SLICE("https://id.example"), .lenient = lenient};
    CLEANUP(json_release)
    json_t *claims = json_decode(text, 16, &fault);
    if (!logout_claims_check(claims, &rules, SLICE("agizo-web"), NOW, &taken)) {
        judge(claims, &taken, lenient);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536) return 0;
    struct slice text = {(const char *)data + 1, size - 1};
    if (data[0] == 's' || data[0] == 'l') read_claims(text, data[0] == 'l');
    return 0;
}
