/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a verified ID token is about the sign-in that we began, or about the session that we refresh.
 *
 * With S for the skew:  now - AGE_MAX < iat <= now + S  and  now < exp + S.  The age has no skew added: it is minutes long as it is, and a
 * token that comes straight from its issuer is seconds old. Pure; any thread.
 */
#include "auth/id_token.h"

#include <openssl/evp.h>

#include "auth/claims.h"
#include "core/check.h"
#include "core/digest.h"
#include "core/json.h"

#define AGE_MAX_MS INT64_C(600000)
/* Base64url of half a SHA-512, and a little. */
#define HASH_TEXT_MAX 64

static const json_t *claim(const json_t *claims, const char *name)
{
    return json_object_get(claims, name);
}

/* Core §3.1.3.7, 3–5: with more audiences than us it must say that we asked for it; whom it names as asking must be us. */
static bool party_fits(const json_t *claims, struct slice client_id)
{
    const json_t *party = claim(claims, "azp");
    bool several = json_array_size(claim(claims, "aud")) > 1;
    if (!party) return !several;
    return json_is_string(party) && slice_equal(json_text(party), client_id);
}

static enum refusal check_times(const json_t *claims, int64_t now_ms)
{
    int64_t expiry_ms, issued_ms;
    if (!claims_time(claim(claims, "exp"), &expiry_ms)) return REFUSAL_EXPIRY;
    if (now_ms >= expiry_ms + CLAIMS_SKEW_MS) return REFUSAL_EXPIRED;
    if (!claims_begun(claim(claims, "iat"), now_ms)) return REFUSAL_ISSUED_AT;
    if (!claims_time(claim(claims, "iat"), &issued_ms)) return REFUSAL_ISSUED_AT;
    const json_t *not_before = claim(claims, "nbf");
    if (not_before && !claims_begun(not_before, now_ms)) return REFUSAL_NOT_YET;
    return now_ms - issued_ms >= AGE_MAX_MS ? REFUSAL_AGE : REFUSAL_NONE;
}

static bool nonce_fits(const json_t *nonce, const struct id_token_terms *terms)
{
    if (!nonce) return !terms->nonce_required;
    return json_is_string(nonce) && slice_equal_secret(json_text(nonce), terms->nonce);
}

/* The hash of the token's algorithm. EdDSA has none to name; Ed25519 hashes with SHA-512, which is what providers take. */
static const EVP_MD *hash_of(struct slice name)
{
    const struct algorithm *algorithm = algorithm_find(name);
    check(algorithm != NULL); /* the signature was verified by it */
    if (!algorithm->digest) return EVP_sha512();
    const EVP_MD *hash = EVP_get_digestbyname(algorithm->digest);
    check(hash != NULL);
    return hash;
}

/* Core §3.1.3.6: the left half of the access token's hash. */
static bool hash_fits(const json_t *hash, const struct id_token_terms *terms)
{
    unsigned len;
    char bytes[EVP_MAX_MD_SIZE];
    CLEANUP(buf_deinit)
    struct buf text;
    buf_init(&text, HASH_TEXT_MAX);
    if (!hash) return true;
    check(EVP_Digest(terms->access_token.ptr, terms->access_token.len, (unsigned char *)bytes, &len,
              hash_of(terms->algorithm), NULL) == 1);
    buf_put_base64url(&text, (struct slice){bytes, len / 2});
    return json_is_string(hash) && slice_equal_secret(json_text(hash), buf_slice(&text));
}

static enum refusal check_binding(const json_t *claims, const struct id_token_terms *terms)
{
    if (!nonce_fits(claim(claims, "nonce"), terms)) return REFUSAL_NONCE;
    if (!hash_fits(claim(claims, "at_hash"), terms)) return REFUSAL_TOKEN_HASH;
    return REFUSAL_NONE;
}

enum refusal id_token_check(
    const json_t *claims, const struct id_token_terms *terms, struct slice *subject)
{
    if (!json_is_object(claims)) return REFUSAL_CLAIMS;
    if (!slice_equal(json_text(claim(claims, "iss")), terms->issuer)) return REFUSAL_ISSUER;
    if (!claims_audience(claim(claims, "aud"), terms->client_id)) return REFUSAL_AUDIENCE;
    if (!party_fits(claims, terms->client_id)) return REFUSAL_AUTHORIZED_PARTY;
    enum refusal refusal = check_times(claims, terms->now_ms);
    if (refusal) return refusal;
    if (!claims_name(claim(claims, "sub"), subject)) return REFUSAL_SUBJECT;
    if (slice_present(terms->subject) && !slice_equal(*subject, terms->subject)) {
        return REFUSAL_SUBJECT;
    }
    /* The mark of a logout token (OpenID Connect Back-Channel Logout §2.4). */
    if (claim(claims, "events")) return REFUSAL_OTHER_KIND;
    return check_binding(claims, terms);
}
