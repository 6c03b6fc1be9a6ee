/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sign-in under way, as the browser carries it: what must match when it comes back from the provider.
 */
#pragma once

#include "core/arena.h"
#include "core/seal.h"

#define TICKET_LIFE_MS INT64_C(600000)
/* Browsers keep cookies of at most 4096 bytes with name and attributes. */
#define TICKET_MAX 3584

struct ticket {
    size_t issuer;                       /* its number */
    struct slice state, nonce, verifier; /* 256 random bits each, base64url */
    struct slice return_path;
    int64_t expires_at; /* wall clock, ms */
};

/* 256 random bits as base64url, into the arena. */
struct slice ticket_secret(struct arena *arena);
/* Texts go into the arena; `return_path` is kept by reference. */
void ticket_make(struct ticket *ticket, size_t issuer, struct slice return_path, int64_t now_ms,
    struct arena *arena);
/* Sealed, as base64url. */
struct slice ticket_seal(const struct ticket *ticket, const struct seal *seal, struct arena *arena);
/* False for anything but what ticket_seal() made with one of the keys. Whether its time is over is for the caller to see. */
MUST_CHECK bool ticket_open(
    struct ticket *ticket, const struct seal *seal, struct slice text, struct arena *arena);
/* code_challenge of the verifier, S256 (RFC 7636 §4.2). */
struct slice ticket_challenge(const struct ticket *ticket, struct arena *arena);
