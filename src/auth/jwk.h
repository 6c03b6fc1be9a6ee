/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One public key of a key set (RFC 7517, RFC 7518 §6, RFC 8037 §2).
 */
#pragma once

#include <jansson.h>
#include <openssl/evp.h>

#include "auth/algorithm.h"

struct key {
    struct slice id; /* `kid`; absent when the JWK has none. Owned. */
    enum key_kind kind;
    const struct algorithm
        *algorithm; /* the only one it may be used with; NULL: any that fits its kind */
    EVP_PKEY *pkey;
};

/* Reads a JWK that may verify signatures. NULL on success; else the reason in a fixed word, and `out` needs no key_deinit(). */
const char *jwk_read(const json_t *jwk, struct key *out);
void key_deinit(struct key *key);
/* True when `algorithm` may be used with the key: kind and `alg` fit. */
bool key_fits(const struct key *key, const struct algorithm *algorithm);
