/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sign-out on its way to the provider: the address there, which has an ID token in it, as the browser carries it to its next visit here.
 */
#pragma once

#include "core/arena.h"
#include "core/seal.h"

#define LEAVE_LIFE_MS INT64_C(60000)
/* Longest address of the provider's that fits; sealed and as base64url it has room in a request line of 8 KiB, which usual servers take. */
#define LEAVE_URL_MAX 5888

struct leave {
    struct slice url;
    struct slice secret; /* 256 random bits, base64url: only the browser that has them may go on */
    int64_t expires_at;  /* wall clock, ms */
};

/* The secret goes into the arena; `url` is kept by reference. */
void leave_make(struct leave *leave, struct slice url, int64_t now_ms, struct arena *arena);
/* Sealed, as base64url. */
struct slice leave_seal(const struct leave *leave, const struct seal *seal, struct arena *arena);
/* False for anything that we did not seal. */
MUST_CHECK bool leave_open(
    struct leave *leave, const struct seal *seal, struct slice text, struct arena *arena);
