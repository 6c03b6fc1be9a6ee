/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of idempotency_keys: looked up before a create, written with it.
 */
#pragma once

#include "store/intake.h"
#include "store/sqlite/connection.h"

/* NULL when the operation has no key or nobody used it yet; the row lives in the arena. */
const struct stored_key *keys_find(
    struct connection *connection, const struct store_key *key, struct arena *arena);

struct key_answer {
    const struct uuid *resource;
    struct slice body;
    int64_t created_at;
};
/* Writes nothing when the operation has no key. */
void keys_insert(
    struct connection *connection, const struct store_key *key, const struct key_answer *answer);
