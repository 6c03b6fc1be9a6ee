/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes over OpenSSL's EVP, and the base64url alphabet. Any thread; the one state is the hash's algorithm, which stays.
 */
#include "core/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>

#include "core/check.h"

static void free_context(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static const EVP_MD *sha256;

static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    check(sha256 != NULL);
}

/* Fetched once, for as long as the process lives: what EVP_sha256() gives is looked up again, under locks, for each hash. */
static const EVP_MD *fetched(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    check(pthread_once(&once, fetch_sha256) == 0);
    return sha256;
}

struct digest digest_sha256(struct slice data)
{
    struct digest out;
    check(EVP_Digest(data.ptr, data.len, out.bytes, NULL, fetched(), NULL) == 1);
    return out;
}

struct digest digest_parts(const struct slice *parts, size_t count)
{
    struct digest out;
    CLEANUP(free_context)
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    check(context && EVP_DigestInit_ex(context, fetched(), NULL) == 1);
    for (size_t i = 0; i < count; i++) {
        uint64_t len = parts[i].len;
        check(EVP_DigestUpdate(context, &len, sizeof(len)) == 1);
        check(EVP_DigestUpdate(context, parts[i].ptr, parts[i].len) == 1);
    }
    check(EVP_DigestFinal_ex(context, out.bytes, NULL) == 1);
    return out;
}

struct digest digest_hmac(struct slice key, struct slice data)
{
    struct digest out;
    check(HMAC(fetched(), key.ptr, (int)key.len, (const unsigned char *)data.ptr, data.len,
              out.bytes, NULL) != NULL);
    return out;
}

bool digest_equal_secret(const struct digest *a, const struct digest *b)
{
    return slice_equal_secret(digest_slice(a), digest_slice(b));
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void buf_put_base64url(struct buf *buf, struct slice data)
{
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < data.len; i++) {
        bits = bits << 8 | (uint8_t)data.ptr[i];
        for (count += 8; count >= 6; count -= 6) {
            buf_put_char(buf, alphabet[bits >> (count - 6) & 63]);
        }
    }
    if (count > 0) buf_put_char(buf, alphabet[bits << (6 - count) & 63]);
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-') return 62;
    return c == '_' ? 63 : -1;
}

bool base64url_decode(struct slice text, struct buf *out)
{
    uint32_t bits = 0;
    int count = 0;
    if (text.len % 4 == 1) return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = sextet(text.ptr[i]);
        if (value < 0) return false;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        buf_put_char(out, (char)(bits >> count & 0xff));
    }
    return (bits & ((1u << count) - 1)) == 0 && buf_ok(out);
}
