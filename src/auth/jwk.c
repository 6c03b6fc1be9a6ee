/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JWK becomes a key, or a word that says why not.
 *
 * A chain of small readers, each of which fills its part of `struct key` or refuses. Refused: everything secret (a set of public
 * keys that holds a private or a shared one is a leak, and using a shared one is the classic confusion attack, RFC 8725 §2.1);
 * keys for encryption; RSA outside of 2048–8192 bits or with an exponent that is even, 1, or does not fit 32 bits; points off their
 * curve; kinds and algorithms that are not in auth/algorithm.def.
 *
 * Called by keyset.c on the identity thread. The JSON stays the caller's; nothing of it is borrowed.
 */
#include "auth/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "core/check.h"
#include "core/digest.h"
#include "core/json.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define EXPONENT_BITS_MAX 32
/* An RSA modulus with one superfluous zero byte, which some providers write. */
#define NUMBER_MAX (RSA_BITS_MAX / 8 + 1)

struct curve {
    struct slice type, name; /* `kty`, `crv` */
    enum key_kind kind;
    const char *group; /* OpenSSL's name; NULL for a raw key */
    size_t size;       /* bytes of a coordinate */
};

static const struct curve curves[] = {
    {{"EC", 2}, {"P-256", 5}, KEY_P256, "P-256", 32},
    {{"EC", 2}, {"P-384", 5}, KEY_P384, "P-384", 48},
    {{"EC", 2}, {"P-521", 5}, KEY_P521, "P-521", 66},
    {{"OKP", 3}, {"Ed25519", 7}, KEY_ED25519, NULL, 32},
};

static struct slice member(const json_t *jwk, const char *name)
{
    return json_text(json_object_get(jwk, name));
}

/* A member that may be missing, but must be text when it is there. */
static bool text_or_missing(const json_t *jwk, const char *name)
{
    const json_t *value = json_object_get(jwk, name);
    return !value || json_is_string(value);
}

/* RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 8037 §2. */
static const char *refuse_secret(const json_t *jwk)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    if (slice_equal(member(jwk, "kty"), SLICE("oct"))) return "shared secret";
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (json_object_get(jwk, names[i])) return "private key";
    }
    return NULL;
}

static const char *refuse_use(const json_t *jwk)
{
    const json_t *use = json_object_get(jwk, "use"), *operations = json_object_get(jwk, "key_ops");
    if (use && !slice_equal(json_text(use), SLICE("sig"))) return "not for signatures";
    if (!operations) return NULL;
    for (size_t i = 0; i < json_array_size(operations); i++) {
        if (slice_equal(json_text(json_array_get(operations, i)), SLICE("verify"))) return NULL;
    }
    return "not for verification";
}

static const struct curve *find_curve(const json_t *jwk)
{
    struct slice type = member(jwk, "kty"), name = member(jwk, "crv");
    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        if (slice_equal(curves[i].type, type) && slice_equal(curves[i].name, name)) {
            return &curves[i];
        }
    }
    return NULL;
}

static const char *read_algorithm(const json_t *jwk, struct key *out)
{
    const json_t *value = json_object_get(jwk, "alg");
    if (!value) return NULL;
    out->algorithm = algorithm_find(json_text(value));
    if (!out->algorithm) return "unknown algorithm";
    return out->algorithm->kind == out->kind ? NULL : "algorithm of another kind";
}

static bool member_bytes(const json_t *jwk, const char *name, struct buf *out)
{
    struct slice text = member(jwk, name);
    return text.len > 0 && base64url_decode(text, out);
}

static BIGNUM *member_number(const json_t *jwk, const char *name)
{
    CLEANUP(buf_deinit)
    struct buf bytes;
    buf_init(&bytes, NUMBER_MAX);
    if (!member_bytes(jwk, name, &bytes)) return NULL;
    return BN_bin2bn((const unsigned char *)bytes.ptr, (int)bytes.len, NULL);
}

static void free_number(BIGNUM **number)
{
    BN_free(*number);
}

static void free_builder(OSSL_PARAM_BLD **builder)
{
    OSSL_PARAM_BLD_free(*builder);
}

static void free_params(OSSL_PARAM **params)
{
    OSSL_PARAM_free(*params);
}

static void free_context(EVP_PKEY_CTX **context)
{
    EVP_PKEY_CTX_free(*context);
}

static EVP_PKEY *import(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY *pkey = NULL;
    CLEANUP(free_context)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    check(context && EVP_PKEY_fromdata_init(context) == 1);
    if (EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) return NULL;
    return pkey;
}

static const char *refuse_numbers(const BIGNUM *modulus, const BIGNUM *exponent)
{
    int bits = BN_num_bits(modulus);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) return "modulus size";
    if (!BN_is_odd(modulus)) return "even modulus";
    if (!BN_is_odd(exponent) || BN_is_one(exponent)) return "exponent";
    if (BN_num_bits(exponent) > EXPONENT_BITS_MAX) return "exponent size";
    return NULL;
}

static const char *read_rsa(const json_t *jwk, struct key *out)
{
    CLEANUP(free_number)
    BIGNUM *modulus = member_number(jwk, "n");
    CLEANUP(free_number)
    BIGNUM *exponent = member_number(jwk, "e");
    if (!modulus || !exponent) return "malformed number";
    const char *fault = refuse_numbers(modulus, exponent);
    if (fault) return fault;
    CLEANUP(free_builder)
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    check(builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1);
    check(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1);
    CLEANUP(free_params)
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    check(params != NULL);
    out->pkey = import("RSA", params);
    return out->pkey ? NULL : "refused by the library";
}

/* The uncompressed point 04 ‖ x ‖ y (SEC 1 §2.3.3). Coordinates always have the full size (RFC 7518 §6.2.1.2). */
static bool read_point(const json_t *jwk, const struct curve *curve, struct buf *out)
{
    buf_put_char(out, 4);
    return member_bytes(jwk, "x", out) && out->len == 1 + curve->size &&
           member_bytes(jwk, "y", out) && out->len == 1 + 2 * curve->size;
}

static bool on_curve(EVP_PKEY *pkey)
{
    CLEANUP(free_context)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    check(context != NULL);
    return EVP_PKEY_public_check(context) == 1;
}

static const char *read_ec(const json_t *jwk, const struct curve *curve, struct key *out)
{
    CLEANUP(buf_deinit)
    struct buf point;
    buf_init(&point, 1 + 2 * curve->size);
    if (!read_point(jwk, curve, &point)) return "malformed point";
    char name[] = "P-xxx"; /* OSSL_PARAM wants it writable */
    memcpy(name, curve->group, sizeof(name));
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.ptr, point.len),
        OSSL_PARAM_construct_end(),
    };
    out->pkey = import("EC", params);
    return out->pkey && on_curve(out->pkey) ? NULL : "point off its curve";
}

static const char *read_okp(const json_t *jwk, const struct curve *curve, struct key *out)
{
    CLEANUP(buf_deinit)
    struct buf bytes;
    buf_init(&bytes, curve->size);
    if (!member_bytes(jwk, "x", &bytes) || bytes.len != curve->size) return "malformed key";
    out->pkey = EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, NULL, (const unsigned char *)bytes.ptr, bytes.len);
    return out->pkey ? NULL : "refused by the library";
}

static const char *read_material(const json_t *jwk, const struct curve *curve, struct key *out)
{
    if (!curve) return read_rsa(jwk, out);
    return curve->group ? read_ec(jwk, curve, out) : read_okp(jwk, curve, out);
}

static const char *read_parts(const json_t *jwk, struct key *out)
{
    const char *fault;
    if (!json_is_object(jwk)) return "not an object";
    if ((fault = refuse_secret(jwk))) return fault;
    const struct curve *curve = find_curve(jwk);
    if (!curve && !slice_equal(member(jwk, "kty"), SLICE("RSA"))) return "unknown kind";
    out->kind = curve ? curve->kind : KEY_RSA;
    if ((fault = refuse_use(jwk))) return fault;
    if ((fault = read_algorithm(jwk, out))) return fault;
    if (!text_or_missing(jwk, "kid")) return "malformed identifier";
    return read_material(jwk, curve, out);
}

const char *jwk_read(const json_t *jwk, struct key *out)
{
    *out = (struct key){.pkey = NULL};
    const char *fault = read_parts(jwk, out);
    if (fault) {
        ERR_clear_error();
        key_deinit(out);
        return fault;
    }
    struct slice id = member(jwk, "kid");
    if (slice_present(id)) out->id = slice_of(memory_text(id.ptr));
    return NULL;
}

void key_deinit(struct key *key)
{
    EVP_PKEY_free(key->pkey);
    free((void *)(uintptr_t)key->id.ptr);
    *key = (struct key){.pkey = NULL};
}

bool key_fits(const struct key *key, const struct algorithm *algorithm)
{
    return key->kind == algorithm->kind &&
           (!key->algorithm || algorithm_same(key->algorithm, algorithm));
}
