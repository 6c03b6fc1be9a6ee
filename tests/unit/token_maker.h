/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys, key sets and signed tokens for the tests of src/auth: what a provider would make.
 */
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "auth/keyset.h"
#include "core/check.h"
#include "core/digest.h"

#define MAKER_MAX ((size_t)1 << 21)

/* `what`: "RSA" (2048 bits), "P-256", "P-384", "P-521" or "ED25519". */
static inline EVP_PKEY *maker_key(const char *what)
{
    if (strcmp(what, "RSA") == 0) return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    if (what[0] == 'P') return EVP_PKEY_Q_keygen(NULL, NULL, "EC", what);
    return EVP_PKEY_Q_keygen(NULL, NULL, what);
}

static inline void maker_put_number(struct buf *out, EVP_PKEY *key, const char *name, int size)
{
    unsigned char bytes[1024];
    BIGNUM *number = NULL;
    check(EVP_PKEY_get_bn_param(key, name, &number) == 1);
    if (size == 0) size = BN_num_bytes(number);
    check(BN_bn2binpad(number, bytes, size) == size);
    buf_put_base64url(out, (struct slice){(const char *)bytes, (size_t)size});
    BN_free(number);
}

static inline void maker_put_ec(struct buf *out, EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);
    buf_printf(out, "\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"", bits);
    maker_put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_X, (bits + 7) / 8);
    buf_put_text(out, "\",\"y\":\"");
    maker_put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_Y, (bits + 7) / 8);
    buf_put_text(out, "\"");
}

/* Appends one public JWK; `more`: further members, each with a comma before it. */
static inline void maker_put_jwk(struct buf *out, EVP_PKEY *key, const char *more)
{
    unsigned char raw[32];
    size_t len = sizeof(raw);
    buf_put_text(out, "{");
    if (EVP_PKEY_is_a(key, "RSA")) {
        buf_put_text(out, "\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"");
        maker_put_number(out, key, OSSL_PKEY_PARAM_RSA_N, 0);
        buf_put_char(out, '"');
    } else if (EVP_PKEY_is_a(key, "EC")) {
        maker_put_ec(out, key);
    } else {
        check(EVP_PKEY_get_raw_public_key(key, raw, &len) == 1);
        buf_put_text(out, "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"");
        buf_put_base64url(out, (struct slice){(const char *)raw, len});
        buf_put_text(out, "\"");
    }
    buf_put_text(out, more);
    buf_put_text(out, "}");
}

static inline void maker_put_ecdsa(struct buf *out, const unsigned char *der, size_t len, int half)
{
    unsigned char raw[132];
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)len);
    check(signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, half) == half);
    check(BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + half, half) == half);
    buf_put_base64url(out, (struct slice){(const char *)raw, (size_t)half * 2});
    ECDSA_SIG_free(signature);
}

/* Appends a signature over `input`, as `algorithm` asks for. */
static inline void maker_put_signature(
    struct buf *out, const struct algorithm *algorithm, EVP_PKEY *key, struct slice input)
{
    unsigned char bytes[1024];
    size_t len = sizeof(bytes);
    EVP_PKEY_CTX *inner;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    check(EVP_DigestSignInit_ex(context, &inner, algorithm->digest, NULL, NULL, key, NULL) == 1);
    if (algorithm->scheme == SCHEME_PSS) {
        check(EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) == 1);
        check(EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    check(EVP_DigestSign(context, bytes, &len, (const unsigned char *)input.ptr, input.len) == 1);
    EVP_MD_CTX_free(context);
    if (algorithm->scheme == SCHEME_ECDSA) {
        maker_put_ecdsa(out, bytes, len, (EVP_PKEY_get_bits(key) + 7) / 8);
    } else {
        buf_put_base64url(out, (struct slice){(const char *)bytes, len});
    }
}

/* A token of any header and payload; the caller frees. The signature is `algorithm`'s, whatever the header says. */
static inline char *maker_token(
    const char *algorithm, EVP_PKEY *key, struct slice header, struct slice payload)
{
    struct buf token;
    buf_init(&token, MAKER_MAX);
    buf_put_base64url(&token, header);
    buf_put_char(&token, '.');
    buf_put_base64url(&token, payload);
    /* Room first: the signature is appended to the very bytes it is about. */
    check(buf_reserve(&token, 2048) != NULL);
    struct slice input = buf_slice(&token);
    buf_put_char(&token, '.');
    maker_put_signature(&token, algorithm_find(slice_of(algorithm)), key, input);
    buf_put_char(&token, '\0');
    check(buf_ok(&token));
    return token.ptr;
}
