/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing: AES-256-GCM with a random nonce, for what must be kept or sent round but neither read nor changed by others.
 *
 * A sealed text names its key, so that two keys can be valid at once: the first seals, both open. `context` is authenticated with it:
 * what was sealed for one purpose does not open for another.
 */
#pragma once

#include "core/arena.h"
#include "core/buf.h"
#include "core/check.h"

#define SEAL_KEY_LEN 32
#define SEAL_KEYS_MAX 2

struct seal {
    uint8_t keys[SEAL_KEYS_MAX][SEAL_KEY_LEN];
    size_t count;
};

/* Reads one or two keys, base64url of 32 bytes each, separated by a comma. False when the text is anything else. */
MUST_CHECK bool seal_read(struct seal *seal, struct slice text);
/* Appends the sealed bytes to `out`. */
void seal_close(const struct seal *seal, struct slice context, struct slice plain, struct buf *out);
/* Appends the plain bytes to `out`; false, and nothing appended, when it was not sealed by one of the keys for this context. */
MUST_CHECK bool seal_open(
    const struct seal *seal, struct slice context, struct slice sealed, struct buf *out);
/* The same as base64url, for places that take text alone. */
struct slice seal_text(
    const struct seal *seal, struct slice context, struct slice plain, struct arena *arena);
MUST_CHECK bool seal_open_text(
    const struct seal *seal, struct slice context, struct slice text, struct buf *out);
