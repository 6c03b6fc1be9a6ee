/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One signature against one key, over OpenSSL's EVP.
 *
 * JWS carries ECDSA signatures as the plain numbers r and s, EVP takes them in DER: they are converted here, and EVP refuses numbers
 * outside of 1…n-1. RSASSA-PSS uses the digest for MGF1 too, and a salt as long as the digest (RFC 7518 §3.5).
 *
 * Stateless; any thread. Keys are shared read-only.
 */
#include "auth/signature.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "core/check.h"

/* Two INTEGERs of 66 bytes (P-521) with their tags, lengths and signs, in a SEQUENCE: 139 bytes. */
#define DER_MAX 160

static size_t expected_length(const struct algorithm *algorithm, EVP_PKEY *key)
{
    switch (algorithm->kind) {
    case KEY_P256:
    case KEY_ED25519: return 64;
    case KEY_P384: return 96;
    case KEY_P521: return 132;
    default: return (size_t)EVP_PKEY_get_size(key);
    }
}

bool signature_length_fits(const struct algorithm *algorithm, EVP_PKEY *key, size_t len)
{
    return len == expected_length(algorithm, key);
}

static void free_context(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static void free_ecdsa(ECDSA_SIG **signature)
{
    ECDSA_SIG_free(*signature);
}

static struct slice ecdsa_to_der(struct slice raw, unsigned char out[DER_MAX])
{
    const unsigned char *bytes = (const unsigned char *)raw.ptr;
    int half = (int)(raw.len / 2);
    CLEANUP(free_ecdsa)
    ECDSA_SIG *signature = ECDSA_SIG_new();
    check(signature != NULL);
    BIGNUM *r = BN_bin2bn(bytes, half, NULL), *s = BN_bin2bn(bytes + half, half, NULL);
    check(r && s && ECDSA_SIG_set0(signature, r, s) == 1);
    int len = i2d_ECDSA_SIG(signature, &(unsigned char *){out});
    check(len > 0 && len <= DER_MAX);
    return (struct slice){(const char *)out, (size_t)len};
}

static bool begin(EVP_MD_CTX *context, const struct algorithm *algorithm, EVP_PKEY *key)
{
    EVP_PKEY_CTX *inner;
    if (EVP_DigestVerifyInit_ex(context, &inner, algorithm->digest, NULL, NULL, key, NULL) != 1) {
        return false;
    }
    if (algorithm->scheme != SCHEME_PSS) return true;
    return EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_DIGEST) == 1;
}

bool signature_verify(
    const struct algorithm *algorithm, EVP_PKEY *key, struct slice input, struct slice signature)
{
    unsigned char der[DER_MAX];
    CLEANUP(free_context)
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    check(context != NULL);
    if (algorithm->scheme == SCHEME_ECDSA) signature = ecdsa_to_der(signature, der);
    bool good = begin(context, algorithm, key) &&
                EVP_DigestVerify(context, (const unsigned char *)signature.ptr, signature.len,
                    (const unsigned char *)input.ptr, input.len) == 1;
    /* A refusal leaves entries in the thread's error queue, which nobody would read. */
    if (!good) ERR_clear_error();
    return good;
}
