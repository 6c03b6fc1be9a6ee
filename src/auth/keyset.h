/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public keys of the issuer at one moment: immutable, counted, shared by all threads.
 */
#pragma once

#include "auth/jwk.h"

/* Keys tried for one token. A JWKS with several keys of one `kid`, or a token without one, leaves more than one to try. */
#define KEYSET_TRIES 4

struct keyset;

/* Reads a JWKS (RFC 7517 §5). Keys that cannot be used are left out, each with a line in the log. NULL when the text is no key set
 * or holds more keys than anybody needs; `*fault` says why in a literal. The caller holds the one reference. */
struct keyset *keyset_parse(struct slice text, const char **fault);
struct keyset *keyset_hold(struct keyset *keys);
/* NULL is fine. */
void keyset_release(struct keyset *keys);
size_t keyset_count(const struct keyset *keys);

/* True when a key has this identifier; with an absent one, when there is any key. */
bool keyset_knows(const struct keyset *keys, struct slice id);
/* The keys to try for a token with this `kid` (or none) and algorithm. Returns how many. */
size_t keyset_select(const struct keyset *keys, struct slice id, const struct algorithm *algorithm,
    const struct key *out[KEYSET_TRIES]);
