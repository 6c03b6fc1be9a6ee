/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key set: parsed once on the identity thread, then only read.
 *
 * Two keys under one `kid` (some providers do that for two algorithms, and during rotation) both stay: a token is accepted when
 * one of them verifies it. An unusable key never fails its neighbours; it is left out.
 *
 * Made on the identity thread, read and released on any. The last release frees.
 * Limits: KEYS_MAX keys; a bigger set is refused whole, because nobody could say which of its keys to drop.
 */
#include "auth/keyset.h"

#include <stdatomic.h>

#include "core/check.h"
#include "core/json.h"
#include "obs/log.h"

#define KEYS_MAX 64
/* The set, the list, a key, its key_ops or x5c, and room for a provider's own members. */
#define DEPTH_MAX 8

struct keyset {
    atomic_int references;
    size_t count;
    struct key keys[];
};

static void log_ignored(size_t index, const char *fault)
{
    log_write(
        LOG_IDENTITY_KEY_IGNORED, LOG_NUMBER("index", index), LOG_TEXT("why", slice_of(fault)));
}

static struct keyset *read_keys(const json_t *list)
{
    size_t count = json_array_size(list);
    struct keyset *keys = memory_zeroed(sizeof(*keys) + count * sizeof(keys->keys[0]));
    atomic_init(&keys->references, 1);
    for (size_t i = 0; i < count; i++) {
        const char *fault = jwk_read(json_array_get(list, i), &keys->keys[keys->count]);
        if (fault) {
            log_ignored(i, fault);
        } else {
            keys->count++;
        }
    }
    return keys;
}

struct keyset *keyset_parse(struct slice text, const char **fault)
{
    CLEANUP(json_release)
    json_t *document = json_decode(text, DEPTH_MAX, fault);
    if (!document) return NULL;
    const json_t *list = json_object_get(document, "keys");
    if (!json_is_array(list)) {
        *fault = "the key set has no list of keys";
        return NULL;
    }
    if (json_array_size(list) > KEYS_MAX) {
        *fault = "the key set has too many keys";
        return NULL;
    }
    return read_keys(list);
}

struct keyset *keyset_hold(struct keyset *keys)
{
    atomic_fetch_add(&keys->references, 1);
    return keys;
}

void keyset_release(struct keyset *keys)
{
    if (!keys || atomic_fetch_sub(&keys->references, 1) > 1) return;
    for (size_t i = 0; i < keys->count; i++) key_deinit(&keys->keys[i]);
    free(keys);
}

size_t keyset_count(const struct keyset *keys)
{
    return keys->count;
}

static bool named(const struct key *key, struct slice id)
{
    return slice_present(key->id) && slice_equal(key->id, id);
}

bool keyset_knows(const struct keyset *keys, struct slice id)
{
    if (!slice_present(id)) return keys->count > 0;
    for (size_t i = 0; i < keys->count; i++) {
        if (named(&keys->keys[i], id)) return true;
    }
    return false;
}

size_t keyset_select(const struct keyset *keys, struct slice id, const struct algorithm *algorithm,
    const struct key *out[KEYSET_TRIES])
{
    size_t count = 0;
    for (size_t i = 0; i < keys->count && count < KEYSET_TRIES; i++) {
        const struct key *key = &keys->keys[i];
        if (slice_present(id) && !named(key, id)) continue;
        if (!key_fits(key, algorithm)) continue;
        out[count++] = key;
    }
    return count;
}
