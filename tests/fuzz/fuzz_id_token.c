/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims of an ID token whose signature was good: `s` before those of a sign-in, `r` before those of a refresh.
 *
 * Beyond crashes it looks for claims that pass although they are not for us, not now, not of this sign-in, or of somebody else.
 */
#include "auth/claims.h"
#include "auth/id_token.h"
#include "core/json.h"

#define NOW INT64_C(1800000000000)
#define CLIENT SLICE("agizo-web")
#define NONCE SLICE("n-1")
/* The left half of the SHA-256 of "access". */
#define HASH SLICE("oFYf1knNtrqnhAVfBRuteQ")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice text_of(const json_t *claims, const char *name)
{
    return json_text(json_object_get(claims, name));
}

static void judge_audience(const json_t *claims)
{
    const json_t *audience = json_object_get(claims, "aud"),
                 *party = json_object_get(claims, "azp");
    if (json_is_string(audience)) check(slice_equal(json_text(audience), CLIENT));
    if (party) check(slice_equal(json_text(party), CLIENT));
    check(party || json_is_string(audience) || json_array_size(audience) == 1);
}

static void judge_times(const json_t *claims)
{
    double expiry = json_number_value(json_object_get(claims, "exp")) * 1000;
    double issued = json_number_value(json_object_get(claims, "iat")) * 1000;
    check(expiry > (double)(NOW - CLAIMS_SKEW_MS) - 1);
    check(issued > (double)NOW - 600000 - 1 && issued < (double)(NOW + CLAIMS_SKEW_MS) + 1);
}

static void judge(const json_t *claims, struct slice subject, bool sign_in)
{
    const json_t *hash = json_object_get(claims, "at_hash");
    const json_t *nonce = json_object_get(claims, "nonce");
    check(slice_equal(text_of(claims, "iss"), SLICE("https://id.example")));
    check(subject.len > 0 && slice_equal(subject, text_of(claims, "sub")));
    check(sign_in || slice_equal(subject, SLICE("amina")));
    check(sign_in ? nonce != NULL : true);
    if (nonce) check(slice_equal(json_text(nonce), NONCE));
    if (hash) check(slice_equal(json_text(hash), HASH));
    check(!json_object_get(claims, "events"));
    judge_audience(claims);
    judge_times(claims);
}

static void read_claims(struct slice text, bool sign_in)
{
    const char *fault;
    struct slice subject;
    const struct id_token_terms terms = {
        .issuer = SLICE("https://id.example"),
        .client_id = CLIENT,
        .subject = sign_in ? slice_absent() : SLICE("amina"),
        .nonce = NONCE,
        .nonce_required = sign_in,
        .access_token = SLICE("access"),
        .algorithm = SLICE("ES256"),
        .now_ms = NOW,
    };
    CLEANUP(json_release)
    json_t *claims = json_decode(text, 16, &fault);
    if (!id_token_check(claims, &terms, &subject)) judge(claims, subject, sign_in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536) return 0;
    struct slice text = {(const char *)data + 1, size - 1};
    if (data[0] == 's' || data[0] == 'r') read_claims(text, data[0] == 's');
    return 0;
}
