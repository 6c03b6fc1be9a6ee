/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256, HMAC-SHA-256 and base64url (RFC 4648 §5, no padding).
 */
#pragma once

#include "core/buf.h"

#define DIGEST_LEN 32

struct digest {
    uint8_t bytes[DIGEST_LEN];
};

struct digest digest_sha256(struct slice data);
/* The hash of the parts, each preceded by its length, so that no two lists of parts share an input. */
struct digest digest_parts(const struct slice *parts, size_t count);
struct digest digest_hmac(struct slice key, struct slice data);
bool digest_equal_secret(const struct digest *a, const struct digest *b);

static inline struct slice digest_slice(const struct digest *digest)
{
    return (struct slice){(const char *)digest->bytes, DIGEST_LEN};
}

void buf_put_base64url(struct buf *buf, struct slice data);
/* Strict: no padding, no other alphabet, unused bits zero (RFC 8725 §3.14 of its successor draft). Appends to `out`; false
 * leaves `out` unusable. */
bool base64url_decode(struct slice text, struct buf *out);
