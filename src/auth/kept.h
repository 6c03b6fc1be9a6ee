/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the session keeps of a provider's tokens, sealed for one person at one issuer.
 */
#pragma once

#include "core/arena.h"
#include "core/seal.h"

/* Longest token taken from a provider; real ones have 0.1–4 KiB. */
#define KEPT_TOKEN_MAX 8192

struct kept {
    struct slice refresh_token; /* absent when there is none */
    struct slice id_token;      /* hint for the sign-out */
    struct slice nonce; /* of the sign-in: a later ID token may repeat it, but not have another */
};

/* Whose it is. */
struct kept_owner {
    struct slice issuer, subject;
};

struct slice kept_seal(
    const struct kept *kept, const struct seal *seal, struct kept_owner owner, struct arena *arena);
/* False when it was not sealed for this owner by one of the keys. */
MUST_CHECK bool kept_open(struct kept *kept, const struct seal *seal, struct kept_owner owner,
    struct slice sealed, struct arena *arena);
