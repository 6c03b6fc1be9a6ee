/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of one worker: from the cache, by the keys at hand, or after a fetch of newer keys.
 *
 *   start → cached | good | refused                            at once, in nearly all cases
 *   start → unknown key, and newer keys may come → WAITING → news, or patience at its end → good | refused      (fails closed)
 *
 * On the link's loop's thread; the keyring alone is shared. Waiting checks belong to their requests. The cache is emptied when
 * the keys change.
 * Limits: WAITING_MAX checks wait for keys, past that ERR_BUSY, and for at most WAIT_MS. CACHE_MAX tokens.
 */
#include "auth/link.h"

#include "auth/jws.h"
#include "auth/result.h"
#include "auth/token.h"
#include "auth/token_cache.h"
#include "core/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"

#define WAITING_MAX 1024
#define CACHE_MAX 4096
/* A fetch may take longer. Then whoever waits is answered by the keys at hand, so that a provider that hangs together with strangers'
 * key names cannot hold the end of the service (8 s) or the patience of clients. */
#define WAIT_MS 4000

struct auth_link {
    struct auth *auth;
    struct loop *loop;
    struct keyring_member member;
    struct token_cache *cache;
    struct list waiting;
    size_t waiting_count;
    struct timer patience; /* set while somebody waits */
};

static keyring_news_fn take_news;
static timer_fn lose_patience;

struct auth_link *auth_link_new(struct auth *auth, struct loop *loop)
{
    struct auth_link *link = memory_zeroed(sizeof(*link));
    link->auth = auth;
    link->loop = loop;
    link->cache = token_cache_new(CACHE_MAX);
    list_init(&link->waiting);
    timer_init(&link->patience, lose_patience);
    keyring_join(&auth->ring, &link->member, loop, take_news);
    return link;
}

void auth_link_free(struct auth_link *link)
{
    check(list_empty(&link->waiting));
    keyring_leave(&link->member);
    token_cache_free(link->cache);
    free(link);
}

/* The check by the keys at hand. Before the first news there are none, which is not the token's fault. */
static enum refusal inspect(struct auth_link *link, struct auth_check *check)
{
    const struct keyset *keys = link->member.keys;
    if (!keys) return REFUSAL_UNKNOWN_KEY;
    return token_check(check, &link->auth->rules, keys, clock_wall_ms());
}

static enum err conclude(struct auth_link *link, struct auth_check *check, enum refusal refusal)
{
    metrics_add(METRIC_TOKENS, refusal ? AUTH_RESULT_REFUSED : AUTH_RESULT_GOOD, 0, 1);
    if (refusal) {
        log_write(LOG_TOKEN_REFUSED, LOG_TEXT("why", refusal_word(refusal)));
        return ERR_INVALID_TOKEN;
    }
    token_cache_put(link->cache, check->token, &check->identity);
    return ERR_OK;
}

static bool decide(struct auth_check *check, enum err err)
{
    check->op.err = err;
    return true;
}

static bool turn_away(struct auth_check *check, enum err err, enum auth_result result)
{
    metrics_add(METRIC_TOKENS, result, 0, 1);
    return decide(check, err);
}

static bool cached(struct auth_link *link, struct auth_check *check)
{
    /* Longer ones were never good, and hashing them would be a stranger's pleasure. */
    if (check->token.len > JWS_LEN_MAX) return false;
    return token_cache_get(
        link->cache, check->token, clock_wall_ms(), check->arena, &check->identity);
}

static void wait_for_keys(struct auth_link *link, struct auth_check *check, op_fn *done)
{
    op_start(&check->op, link->loop, done);
    if (link->waiting_count == 0) timer_set(link->loop, &link->patience, WAIT_MS);
    list_append(&link->waiting, &check->node);
    link->waiting_count++;
}

bool auth_check_start(struct auth_link *link, struct auth_check *check, op_fn *done)
{
    if (!auth_ready(link->auth)) {
        return turn_away(check, ERR_UNAVAILABLE, AUTH_RESULT_UNAVAILABLE);
    }
    if (cached(link, check)) return turn_away(check, ERR_OK, AUTH_RESULT_CACHED);
    enum refusal refusal = inspect(link, check);
    if (refusal != REFUSAL_UNKNOWN_KEY) return decide(check, conclude(link, check, refusal));
    if (link->waiting_count == WAITING_MAX) return turn_away(check, ERR_BUSY, AUTH_RESULT_BUSY);
    if (!keyring_await(&link->member)) return decide(check, conclude(link, check, refusal));
    wait_for_keys(link, check, done);
    return false;
}

static void finish(struct auth_link *link, struct auth_check *check)
{
    link->waiting_count--;
    if (!auth_ready(link->auth)) {
        metrics_add(METRIC_TOKENS, AUTH_RESULT_UNAVAILABLE, 0, 1);
        op_complete(&check->op, ERR_UNAVAILABLE);
        return;
    }
    op_complete(&check->op, conclude(link, check, inspect(link, check)));
}

static void finish_all(struct auth_link *link)
{
    struct list *node;
    timer_clear(&link->patience);
    while ((node = list_take(&link->waiting))) {
        finish(link, CONTAINER_OF(node, struct auth_check, node));
    }
}

static void take_news(struct keyring_member *member, bool changed)
{
    struct auth_link *link = CONTAINER_OF(member, struct auth_link, member);
    if (changed) token_cache_clear(link->cache);
    finish_all(link);
}

static void lose_patience(struct timer *timer)
{
    finish_all(CONTAINER_OF(timer, struct auth_link, patience));
}
