/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that were found good, so that the next request with the same token costs one hash.
 */
#pragma once

#include "auth/auth.h"

struct token_cache;

/* `limit`: how many tokens are kept; past that the one not used for longest goes. */
struct token_cache *token_cache_new(size_t limit);
void token_cache_free(struct token_cache *cache);
/* True with the identity, its texts in `arena`; false when the token is not there or its time is over. */
bool token_cache_get(struct token_cache *cache, struct slice token, int64_t now_ms,
    struct arena *arena, struct identity *out);
/* Copies what it keeps. Only for tokens that passed every check. */
void token_cache_put(
    struct token_cache *cache, struct slice token, const struct identity *identity);
/* Forgets all: the key set has changed. */
void token_cache_clear(struct token_cache *cache);
size_t token_cache_count(const struct token_cache *cache);
