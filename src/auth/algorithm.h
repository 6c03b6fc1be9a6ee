/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signature algorithms of tokens (RFC 7518 §3, RFC 8037, RFC 9864). Rows stand in auth/algorithm.def.
 */
#pragma once

#include "core/slice.h"

enum algorithm_id {
#define ALGORITHM(id, name, scheme, kind, digest) ALGORITHM_##id,
#include "auth/algorithm.def"
#undef ALGORITHM
    ALGORITHM_COUNT
};

enum scheme { SCHEME_PKCS1, SCHEME_PSS, SCHEME_ECDSA, SCHEME_EDDSA };

/* What a JWK's `kty` and `crv` say together. */
enum key_kind { KEY_RSA, KEY_P256, KEY_P384, KEY_P521, KEY_ED25519 };

struct algorithm {
    enum algorithm_id id;
    struct slice name;
    enum scheme scheme;
    enum key_kind kind;
    const char *digest; /* OpenSSL's name; NULL where the scheme has its own */
};

/* A set of algorithms: bit 1 << ALGORITHM_x. */
typedef uint32_t algorithm_set;

/* NULL when there is none; names compare exactly. */
const struct algorithm *algorithm_find(struct slice name);
/* True for one algorithm under two names, too. */
bool algorithm_same(const struct algorithm *a, const struct algorithm *b);
/* Reads names with single spaces between; false when one is unknown or none is left. */
bool algorithm_set_parse(struct slice names, algorithm_set *out);

static inline bool algorithm_in(algorithm_set set, const struct algorithm *algorithm)
{
    return set >> algorithm->id & 1;
}
