/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256-GCM (NIST SP 800-38D) over OpenSSL's EVP.
 *
 *   version (1) | name of the key (4) | nonce (12) | ciphertext (as long as the plain text) | tag (16)
 * The key's name is the start of its SHA-256: enough to choose between two keys, too little to tell anything of a random one. Version and
 * name are not authenticated by themselves, but another key or another way of sealing never makes the tag right.
 *
 * Any thread; stateless. Bytes belong to the callers' buffers.
 * Limits: nonces are random, so one key is good for 2^32 texts (§8.3); PLAIN_MAX bytes in one.
 */
#include "core/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/digest.h"
#include "core/random.h"

#define VERSION 1
#define NAME_LEN ((size_t)4)
#define NONCE_LEN ((size_t)12)
#define TAG_LEN ((size_t)16)
#define HEAD_LEN (1 + NAME_LEN + NONCE_LEN)
/* EVP counts in int. What is sealed here has some KiB. */
#define PLAIN_MAX ((size_t)1 << 24)

static void free_context(EVP_CIPHER_CTX **context)
{
    EVP_CIPHER_CTX_free(*context);
}

static bool read_key(struct slice text, uint8_t out[SEAL_KEY_LEN])
{
    CLEANUP(buf_deinit)
    struct buf key;
    buf_init(&key, SEAL_KEY_LEN);
    bool good = base64url_decode(text, &key) && key.len == SEAL_KEY_LEN;
    if (good) memcpy(out, key.ptr, SEAL_KEY_LEN);
    return good;
}

bool seal_read(struct seal *seal, struct slice text)
{
    *seal = (struct seal){.count = 0};
    while (slice_present(text)) {
        struct slice key = slice_trim(slice_cut(&text, ','));
        if (seal->count == SEAL_KEYS_MAX || !read_key(key, seal->keys[seal->count])) return false;
        seal->count++;
    }
    return seal->count > 0;
}

/* The first bytes of the hash; the caller takes NAME_LEN of them. */
static struct digest key_name(const uint8_t key[SEAL_KEY_LEN])
{
    return digest_sha256((struct slice){(const char *)key, SEAL_KEY_LEN});
}

static const uint8_t *bytes_of(struct slice text)
{
    return (const uint8_t *)text.ptr;
}

static void encrypt(const uint8_t *key, struct slice context, struct slice plain, uint8_t *sealed)
{
    int len;
    uint8_t *body = sealed + HEAD_LEN;
    const uint8_t *nonce = sealed + 1 + NAME_LEN;
    CLEANUP(free_context)
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    check(cipher && EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) == 1);
    check(EVP_EncryptUpdate(cipher, NULL, &len, bytes_of(context), (int)context.len) == 1);
    check(EVP_EncryptUpdate(cipher, body, &len, bytes_of(plain), (int)plain.len) == 1);
    check(EVP_EncryptFinal_ex(cipher, body + plain.len, &len) == 1);
    check(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, (int)TAG_LEN, body + plain.len) == 1);
}

void seal_close(const struct seal *seal, struct slice context, struct slice plain, struct buf *out)
{
    check(seal->count > 0 && plain.len <= PLAIN_MAX && context.len <= PLAIN_MAX);
    size_t len = HEAD_LEN + plain.len + TAG_LEN;
    uint8_t *sealed = (uint8_t *)buf_reserve(out, len);
    if (!sealed) return; /* `out` is marked as over */
    struct digest name = key_name(seal->keys[0]);
    sealed[0] = VERSION;
    memcpy(sealed + 1, name.bytes, NAME_LEN);
    random_fill(sealed + 1 + NAME_LEN, NONCE_LEN);
    encrypt(seal->keys[0], context, plain, sealed);
    buf_added(out, len);
}

/* False when the tag is not right; then `plain` holds what must not be looked at. */
static bool decrypt(const uint8_t *key, struct slice context, const uint8_t *sealed,
    struct slice body, uint8_t *plain)
{
    int len;
    uint8_t tag[TAG_LEN];
    CLEANUP(free_context)
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    memcpy(tag, body.ptr + body.len, TAG_LEN);
    check(cipher &&
          EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, sealed + 1 + NAME_LEN) == 1);
    check(EVP_DecryptUpdate(cipher, NULL, &len, bytes_of(context), (int)context.len) == 1);
    check(EVP_DecryptUpdate(cipher, plain, &len, bytes_of(body), (int)body.len) == 1);
    check(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, (int)TAG_LEN, tag) == 1);
    return EVP_DecryptFinal_ex(cipher, plain + body.len, &len) == 1;
}

static const uint8_t *find_key(const struct seal *seal, const char *name)
{
    for (size_t i = 0; i < seal->count; i++) {
        struct digest own = key_name(seal->keys[i]);
        if (memcmp(own.bytes, name, NAME_LEN) == 0) return seal->keys[i];
    }
    return NULL;
}

bool seal_open(const struct seal *seal, struct slice context, struct slice sealed, struct buf *out)
{
    if (sealed.len < HEAD_LEN + TAG_LEN || sealed.len > PLAIN_MAX) return false;
    const uint8_t *key = sealed.ptr[0] == VERSION ? find_key(seal, sealed.ptr + 1) : NULL;
    struct slice body = {sealed.ptr + HEAD_LEN, sealed.len - HEAD_LEN - TAG_LEN};
    if (!key) return false;
    /* One byte more, since an empty text needs a place, too. */
    uint8_t *plain = (uint8_t *)buf_reserve(out, body.len + 1);
    if (!plain) return false;
    if (!decrypt(key, context, bytes_of(sealed), body, plain)) {
        OPENSSL_cleanse(plain, body.len); /* nobody vouches for it */
        return false;
    }
    buf_added(out, body.len);
    return true;
}

struct slice seal_text(
    const struct seal *seal, struct slice context, struct slice plain, struct arena *arena)
{
    CLEANUP(buf_deinit)
    struct buf sealed;
    CLEANUP(buf_deinit)
    struct buf text;
    buf_init(&sealed, HEAD_LEN + plain.len + TAG_LEN);
    buf_init(&text, 2 * (HEAD_LEN + plain.len + TAG_LEN));
    seal_close(seal, context, plain, &sealed);
    buf_put_base64url(&text, buf_slice(&sealed));
    check(buf_ok(&sealed) && buf_ok(&text));
    return arena_copy(arena, buf_slice(&text));
}

bool seal_open_text(
    const struct seal *seal, struct slice context, struct slice text, struct buf *out)
{
    CLEANUP(buf_deinit)
    struct buf sealed;
    buf_init(&sealed, text.len);
    return text.len > 0 && base64url_decode(text, &sealed) && buf_ok(&sealed) &&
           seal_open(seal, context, buf_slice(&sealed), out);
}
