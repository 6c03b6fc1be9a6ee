/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of one worker: from the cache, by the keys at hand, or after a fetch of newer keys.
 *
 *   start → cached | good | refused                            at once, in nearly all cases
 *   start → unknown key, and newer keys may come → WAITING → news, or patience at its end → good | refused      (fails closed)
 *   start → opaque → asked about at one provider after the other (introspection.c) → good | refused
 * What is good must also have come in the way that its binding asks for (dpop.c), cached or not.
 *
 * With several issuers a check waits for those whose newer keys might make it good, and goes on when all have told their news, or one of
 * them brought the key. Who bears a token that nobody knows while an issuer is away is told that it cannot be checked now; so it is with
 * an opaque one, which does not say whose it is, when one of those that may know it could not be asked.
 *
 * On the link's loop's thread; the keyrings alone are shared. Waiting checks belong to their requests. The cache is emptied when
 * the keys of any issuer change.
 * Limits: WAITING_MAX checks wait for keys, past that ERR_BUSY, and for at most VERIFY_WAIT_MS. CACHE_MAX tokens.
 */
#include "auth/link.h"

#include "auth/dpop.h"
#include "auth/introspection.h"
#include "auth/jws.h"
#include "auth/result.h"
#include "auth/token.h"
#include "auth/token_cache.h"
#include "core/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"

#define WAITING_MAX 1024
#define CACHE_MAX 4096

/* A link among those whom one provider tells its news. */
struct membership {
    struct keyring_member member;
    struct auth_link *link;
};

struct auth_link {
    struct auth *auth;
    struct loop *loop;
    struct membership members[PROVIDERS_MAX]; /* as many as providers */
    struct token_cache *cache;
    struct list waiting;
    size_t waiting_count, asking_count; /* asking: the provider, about opaque tokens */
    struct timer patience;              /* set while somebody waits */
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
    for (size_t i = 0; i < auth->provider_count; i++) {
        link->members[i].link = link;
        keyring_join(&auth->providers[i].ring, &link->members[i].member, loop, take_news);
    }
    return link;
}

void auth_link_free(struct auth_link *link)
{
    check(list_empty(&link->waiting) && link->asking_count == 0);
    for (size_t i = 0; i < link->auth->provider_count; i++) {
        keyring_leave(&link->members[i].member);
    }
    token_cache_free(link->cache);
    free(link);
}

/* The check by the keys at hand; of an issuer that has none, or whose time is over, there are none. `lacking` as in token.h. */
static enum refusal inspect(struct auth_link *link, struct auth_check *check, unsigned *lacking)
{
    struct trust trusts[PROVIDERS_MAX];
    size_t count = link->auth->provider_count;
    for (size_t i = 0; i < count; i++) {
        const struct provider *provider = &link->auth->providers[i];
        bool usable = keyring_usable(&provider->ring);
        trusts[i] = (struct trust){
            .rules = &provider->rules,
            .keys = usable ? link->members[i].member.keys : NULL,
        };
    }
    return token_check(check, trusts, count, clock_wall_ms(), lacking);
}

static bool all_usable(const struct auth_link *link, unsigned providers)
{
    for (size_t i = 0; i < link->auth->provider_count; i++) {
        bool named = providers >> i & 1;
        if (named && !keyring_usable(&link->auth->providers[i].ring)) return false;
    }
    return true;
}

/* The token is good; whether it came in the way it must is another question, each time anew. `result`: how it was found good. */
static enum err admit(struct auth_link *link, struct auth_check *check, enum auth_result result)
{
    const struct provider *issuer = auth_provider_by_issuer(link->auth, check->identity.issuer);
    enum err err = dpop_admit(link->auth->dpop, &issuer->rules, check);
    if (err) result = err == ERR_BUSY ? AUTH_RESULT_BUSY : AUTH_RESULT_REFUSED;
    metrics_add(METRIC_TOKENS, result, 0, 1);
    return err;
}

static enum err conclude(
    struct auth_link *link, struct auth_check *check, enum refusal refusal, unsigned lacking)
{
    if (refusal == REFUSAL_UNKNOWN_KEY && !all_usable(link, lacking)) {
        metrics_add(METRIC_TOKENS, AUTH_RESULT_UNAVAILABLE, 0, 1);
        return ERR_UNAVAILABLE;
    }
    if (refusal) {
        metrics_add(METRIC_TOKENS, AUTH_RESULT_REFUSED, 0, 1);
        log_write(LOG_TOKEN_REFUSED, LOG_TEXT("why", refusal_word(refusal)));
        return ERR_INVALID_TOKEN;
    }
    token_cache_put(link->cache, check->token, &check->identity);
    return admit(link, check, AUTH_RESULT_GOOD);
}

/* The same when no request is at work: what is logged is of the one whose token it is. */
static enum err conclude_later(
    struct auth_link *link, struct auth_check *check, enum refusal refusal, unsigned lacking)
{
    log_set_request(check->request_id, check->trace_id);
    enum err err = conclude(link, check, refusal, lacking);
    log_set_request(slice_absent(), slice_absent());
    return err;
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

/* Its keys may have grown too old since. */
static bool decide_cached(struct auth_link *link, struct auth_check *check)
{
    const struct provider *issuer = auth_provider_by_issuer(link->auth, check->identity.issuer);
    if (issuer && keyring_usable(&issuer->ring)) {
        return decide(check, admit(link, check, AUTH_RESULT_CACHED));
    }
    return turn_away(check, ERR_UNAVAILABLE, AUTH_RESULT_UNAVAILABLE);
}

/* Asks for newer keys; those of `providers` of whom some may come. */
static unsigned ask(struct auth_link *link, unsigned providers)
{
    unsigned asked = 0;
    for (size_t i = 0; i < link->auth->provider_count; i++) {
        bool named = providers >> i & 1;
        if (named && keyring_await(&link->members[i].member)) asked |= 1u << i;
    }
    return asked;
}

static void wait_for_keys(struct auth_link *link, struct auth_check *check, op_fn *done)
{
    op_start(&check->op, link->loop, done);
    if (link->waiting_count == 0) timer_set(link->loop, &link->patience, VERIFY_WAIT_MS);
    list_append(&link->waiting, &check->node);
    link->waiting_count++;
}

/* A check whose token only a provider can tell anything about; in the check's arena. */
struct question {
    struct inquiry inquiry;
    struct auth_link *link;
    struct auth_check *check;
    size_t next;  /* of the providers, who may be asked next */
    enum err err; /* why one of them gave no answer */
};

static op_fn take_answer;

/* From provider number `*next` on, the first that is asked about tokens; NULL when there is none. */
static struct introspection *next_introspection(const struct auth *auth, size_t *next)
{
    while (*next < auth->provider_count) {
        struct introspection *introspection = auth->introspections[(*next)++];
        if (introspection) return introspection;
    }
    return NULL;
}

static bool ask_next(struct question *question)
{
    struct auth_link *link = question->link;
    struct introspection *introspection = next_introspection(link->auth, &question->next);
    if (!introspection) return false;
    introspection_start(introspection, link->loop, &question->inquiry, take_answer);
    return true;
}

static enum err conclude_unanswered(enum err err)
{
    enum auth_result result = err == ERR_BUSY ? AUTH_RESULT_BUSY : AUTH_RESULT_UNAVAILABLE;
    metrics_add(METRIC_TOKENS, result, 0, 1);
    return err;
}

static void take_answer(struct op *op)
{
    struct question *question = op->owner;
    struct auth_link *link = question->link;
    struct auth_check *check = question->check;
    enum refusal refusal = question->inquiry.refusal;
    bool good = !op->err && !refusal;
    if (op->err) question->err = op->err;
    if (!good && ask_next(question)) return;
    link->asking_count--;
    check->identity = question->inquiry.identity;
    op_complete(&check->op, good || !question->err ? conclude_later(link, check, refusal, 0)
                                                   : conclude_unanswered(question->err));
}

/* False when nobody is asked about tokens, or not about such. */
static bool ask_providers(struct auth_link *link, struct auth_check *check, op_fn *done)
{
    size_t first = 0;
    if (!next_introspection(link->auth, &first) || !introspection_wants(check->token)) return false;
    struct question *question = arena_alloc(check->arena, sizeof(*question));
    *question = (struct question){
        .inquiry = {.op.owner = question, .arena = check->arena, .token = check->token},
        .link = link,
        .check = check,
    };
    link->asking_count++;
    op_start(&check->op, link->loop, done);
    return ask_next(question);
}

bool auth_check_start(struct auth_link *link, struct auth_check *check, op_fn *done)
{
    unsigned lacking;
    if (!auth_ready(link->auth)) {
        return turn_away(check, ERR_UNAVAILABLE, AUTH_RESULT_UNAVAILABLE);
    }
    if (cached(link, check)) return decide_cached(link, check);
    if (ask_providers(link, check, done)) return false;
    enum refusal refusal = inspect(link, check, &lacking);
    if (!lacking) return decide(check, conclude(link, check, refusal, lacking));
    if (link->waiting_count == WAITING_MAX) return turn_away(check, ERR_BUSY, AUTH_RESULT_BUSY);
    check->awaited = ask(link, lacking);
    if (!check->awaited) return decide(check, conclude(link, check, refusal, lacking));
    wait_for_keys(link, check, done);
    return false;
}

/* Unless more news may help it. */
static void finish(struct auth_link *link, struct auth_check *check)
{
    unsigned lacking;
    enum refusal refusal = inspect(link, check, &lacking);
    if (lacking & check->awaited) return;
    list_remove(&check->node);
    link->waiting_count--;
    op_complete(&check->op, conclude_later(link, check, refusal, lacking));
}

/* Nothing more is waited for from `providers`. */
static void finish_all(struct auth_link *link, unsigned providers)
{
    list_for_each_safe (node, &link->waiting) {
        struct auth_check *check = CONTAINER_OF(node, struct auth_check, node);
        check->awaited &= ~providers;
        finish(link, check);
    }
    if (link->waiting_count == 0) timer_clear(&link->patience);
}

static void take_news(struct keyring_member *member, bool changed)
{
    struct membership *membership = CONTAINER_OF(member, struct membership, member);
    struct auth_link *link = membership->link;
    if (changed) token_cache_clear(link->cache);
    finish_all(link, keyring_answered(member) ? 1u << (membership - link->members) : 0);
}

static void lose_patience(struct timer *timer)
{
    finish_all(CONTAINER_OF(timer, struct auth_link, patience), ~0u);
}
