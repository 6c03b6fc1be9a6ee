/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table from SHA-256(token) to identity, with a list in the order of last use.
 *
 * Keyed by hash, so that no token lies in memory longer than its request. Only good tokens are kept: failures would let strangers push out
 * everybody else, and a token refused now may be good after the next fetch of keys. Only who can get good tokens can fill the
 * table, so plain chains suffice. An entry goes when its token's time is over, when it is the oldest of too many, and with a new key set.
 *
 * One per link, on its loop's thread, and one of introspection answers on the identity loop's; nothing locks. An entry owns its texts; a hit copies them, because the entry may go while the
 * request still waits for something else.
 * Limits: `limit` entries of at most about 0.8 KiB.
 */
#include "auth/token_cache.h"

#include "core/check.h"
#include "core/digest.h"

struct entry {
    struct list node;    /* cache->used */
    struct entry *chain; /* next in the same bucket */
    struct digest key;
    struct identity identity; /* its texts stand in `texts` */
    char texts[];
};

struct token_cache {
    struct list used; /* the one not used for longest first */
    size_t count, limit, bucket_count;
    struct entry *buckets[];
};

struct token_cache *token_cache_new(size_t limit)
{
    size_t buckets = 2 * limit;
    struct token_cache *cache = memory_zeroed(sizeof(*cache) + buckets * sizeof(struct entry *));
    cache->limit = limit;
    cache->bucket_count = buckets;
    list_init(&cache->used);
    return cache;
}

void token_cache_free(struct token_cache *cache)
{
    token_cache_clear(cache);
    free(cache);
}

/* Where the pointer to the entry stands, or the end of its chain. */
static struct entry **find(struct token_cache *cache, const struct digest *key)
{
    uint64_t hash;
    memcpy(&hash, key->bytes, sizeof(hash));
    struct entry **at = &cache->buckets[hash % cache->bucket_count];
    while (*at && memcmp(&(*at)->key, key, sizeof(*key)) != 0) at = &(*at)->chain;
    return at;
}

static void drop(struct token_cache *cache, struct entry **at)
{
    struct entry *entry = *at;
    *at = entry->chain;
    list_remove(&entry->node);
    cache->count--;
    free(entry);
}

static void drop_oldest(struct token_cache *cache)
{
    struct entry *oldest = CONTAINER_OF(cache->used.next, struct entry, node);
    struct entry **at = find(cache, &oldest->key);
    check(*at == oldest);
    drop(cache, at);
}

bool token_cache_get(struct token_cache *cache, struct slice token, int64_t now_ms,
    struct arena *arena, struct identity *out)
{
    struct digest key = digest_sha256(token);
    struct entry **at = find(cache, &key), *entry = *at;
    if (!entry) return false;
    if (now_ms >= entry->identity.expires_at) {
        drop(cache, at);
        return false;
    }
    list_remove(&entry->node);
    list_append(&cache->used, &entry->node);
    *out = entry->identity;
    out->subject = arena_copy(arena, out->subject);
    out->client_id = arena_copy(arena, out->client_id);
    out->customer_code = arena_copy(arena, out->customer_code);
    out->thumbprint = arena_copy(arena, out->thumbprint);
    return true;
}

static struct slice keep_text(char **at, struct slice text)
{
    if (!slice_present(text)) return text;
    char *kept = memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return (struct slice){kept, text.len};
}

static struct entry *new_entry(const struct digest *key, const struct identity *identity)
{
    size_t len = identity->subject.len + identity->client_id.len + identity->customer_code.len +
                 identity->thumbprint.len;
    struct entry *entry = memory_zeroed(sizeof(*entry) + len);
    char *at = entry->texts;
    entry->key = *key;
    entry->identity = *identity;
    entry->identity.subject = keep_text(&at, identity->subject);
    entry->identity.client_id = keep_text(&at, identity->client_id);
    entry->identity.customer_code = keep_text(&at, identity->customer_code);
    entry->identity.thumbprint = keep_text(&at, identity->thumbprint);
    return entry;
}

void token_cache_put(struct token_cache *cache, struct slice token, const struct identity *identity)
{
    struct digest key = digest_sha256(token);
    struct entry **at = find(cache, &key);
    if (*at) drop(cache, at);
    if (cache->count == cache->limit) drop_oldest(cache);
    struct entry *entry = new_entry(&key, identity);
    at = find(cache, &key);
    entry->chain = *at;
    *at = entry;
    list_append(&cache->used, &entry->node);
    cache->count++;
}

void token_cache_clear(struct token_cache *cache)
{
    while (!list_empty(&cache->used)) drop_oldest(cache);
}

size_t token_cache_count(const struct token_cache *cache)
{
    return cache->count;
}
