/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether whoever sent the request holds the key that its token is bound to.
 *
 * From the cheapest check to the dearest, so that a stolen token with a stranger's proof costs no signature:
 *   form (jws.c) → the key's thumbprint is the token's → the key is fit, and public → typ, alg, signature → claims → nonce
 * The thumbprint is taken of the texts as they stand in the header (RFC 7638 §3); that these are plain base64url and known names is
 * then seen to by the reader of the key.
 *
 * Called by dpop.c on worker threads; stateless.
 * Limits: proofs of JWS_LEN_MAX bytes; the key kinds of auth/algorithm.def that the issuer's setting allows.
 */
#include "auth/proof.h"

#include "auth/claims.h"
#include "auth/jws.h"
#include "auth/uri.h"
#include "core/json.h"

#define CLAIMS_DEPTH_MAX 4

static struct slice member(const json_t *object, const char *name)
{
    return json_text(json_object_get(object, name));
}

static bool is_base64url_of(struct slice text, const struct digest *digest)
{
    CLEANUP(buf_deinit)
    struct buf encoded;
    buf_init(&encoded, 2 * DIGEST_LEN);
    buf_put_base64url(&encoded, digest_slice(digest));
    return slice_equal(text, buf_slice(&encoded));
}

/* The members that RFC 7638 §3.2 and RFC 8037 §2 name, in the order of their names. */
static const char *const *thumbprint_members(struct slice type)
{
    static const char *const rsa[] = {"e", "kty", "n", NULL};
    static const char *const point[] = {"crv", "kty", "x", "y", NULL};
    static const char *const raw[] = {"crv", "kty", "x", NULL};
    if (slice_equal(type, SLICE("RSA"))) return rsa;
    return slice_equal(type, SLICE("EC")) ? point : raw;
}

static struct digest thumbprint(const json_t *jwk)
{
    CLEANUP(buf_deinit)
    struct buf text;
    buf_init(&text, JWS_LEN_MAX);
    const char *const *name = thumbprint_members(member(jwk, "kty"));
    for (char before = '{'; *name; name++, before = ',') {
        struct slice value = member(jwk, *name);
        buf_printf(&text, "%c\"%s\":\"%.*s\"", before, *name, SLICE_ARG(value));
    }
    buf_put_char(&text, '}');
    return digest_sha256(buf_slice(&text));
}

static enum refusal check_signature(const struct jws *jws, const struct proof_demand *demand)
{
    CLEANUP(key_deinit)
    struct key key = {.pkey = NULL};
    const json_t *jwk = json_object_get(jws->fields, "jwk");
    struct digest hash = thumbprint(jwk);
    if (!is_base64url_of(demand->thumbprint, &hash)) return REFUSAL_OTHER_KEY;
    if (jwk_read(jwk, &key)) return REFUSAL_PROOF_KEY;
    return jws_verify_by(jws, JWS_PROOF, demand->rules, &key);
}

/* RFC 9449 §4.3: as URLs, without query and fragment. */
static bool url_fits(struct slice text, struct slice url)
{
    CLEANUP(buf_deinit)
    struct buf theirs;
    CLEANUP(buf_deinit)
    struct buf ours;
    buf_init(&theirs, JWS_LEN_MAX);
    buf_init(&ours, JWS_LEN_MAX);
    return uri_put_normal(&theirs, text) && uri_put_normal(&ours, url) &&
           slice_equal(buf_slice(&theirs), buf_slice(&ours));
}

static bool is_fresh(const json_t *value, int64_t now_ms)
{
    int64_t issued_ms;
    return claims_time(value, &issued_ms) && issued_ms >= now_ms - PROOF_PAST_MS &&
           issued_ms <= now_ms + PROOF_AHEAD_MS;
}

static enum refusal check_nonce(
    struct slice nonce, const struct proof_demand *demand, struct proof *out)
{
    if (demand->nonce_count == 0) return REFUSAL_NONE;
    for (out->nonce = 0; out->nonce < demand->nonce_count; out->nonce++) {
        if (slice_equal_secret(nonce, demand->nonces[out->nonce])) return REFUSAL_NONE;
    }
    return REFUSAL_NONCE;
}

static enum refusal check_claims(
    const json_t *claims, const struct proof_demand *demand, int64_t now_ms, struct proof *out)
{
    struct slice id;
    struct digest token = digest_sha256(demand->token);
    if (!json_is_object(claims)) return REFUSAL_CLAIMS;
    if (!slice_equal(member(claims, "htm"), demand->method)) return REFUSAL_METHOD;
    if (!url_fits(member(claims, "htu"), demand->url)) return REFUSAL_URL;
    if (!is_fresh(json_object_get(claims, "iat"), now_ms)) return REFUSAL_ISSUED_AT;
    if (!is_base64url_of(member(claims, "ath"), &token)) return REFUSAL_TOKEN_HASH;
    if (!claims_name(json_object_get(claims, "jti"), &id)) return REFUSAL_TOKEN_ID;
    out->id = digest_parts((const struct slice[]){demand->thumbprint, id}, 2);
    return check_nonce(member(claims, "nonce"), demand, out);
}

enum refusal proof_check(
    struct slice text, const struct proof_demand *demand, int64_t now_ms, struct proof *out)
{
    const char *fault;
    CLEANUP(jws_deinit)
    struct jws jws;
    enum refusal refusal = jws_parse(&jws, text);
    if (!refusal) refusal = check_signature(&jws, demand);
    if (refusal) return refusal;
    CLEANUP(json_release)
    json_t *claims = json_decode(buf_slice(&jws.payload), CLAIMS_DEPTH_MAX, &fault);
    return check_claims(claims, demand, now_ms, out);
}
