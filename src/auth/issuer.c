/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches the issuer's metadata (OpenID Connect Discovery 1.0 §4) and its key set, and keeps them fresh.
 *
 *   IDLE ──timer──▶ METADATA ──▶ KEYS ──▶ IDLE        a member asks, metadata known: IDLE ──▶ KEYS
 *                      └─────failure──────▲           failure: the timer comes sooner, with back-off
 *
 * One fetch at a time. It is repeated before the keys grow older than the refresh time; a little earlier, at random, so that copies of
 * the service spread out and no gap opens between two sets. Keys stay usable for the refresh time plus the stale time after the last
 * fetch that succeeded. A member that meets an unknown key may cause one more fetch, at most every ASK_PAUSE_MS whatever it brings:
 * strangers choose the key names in their tokens.
 * A key set without one usable key replaces the old one (the provider may have withdrawn its keys), but is not usable.
 *
 * On the identity loop's thread. Owns its strings, its arena (one answer at a time) and the transfer.
 * Limits: answers of ANSWER_MAX bytes, status 200, no redirects; for what of the metadata is taken, see metadata.c.
 */
#include "auth/issuer.h"

#include "auth/metadata.h"
#include "auth/result.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/random.h"
#include "net/outbound.h"
#include "obs/log.h"
#include "obs/metrics.h"

#define CONNECT_MS 5000
#define TOTAL_MS 10000
#define ANSWER_MAX ((size_t)256 * 1024)
#define ASK_PAUSE_MS 30000
/* Back-off with full jitter: at random below first << failures, never above the most. */
#define BACKOFF_FIRST_MS 500
#define BACKOFF_MOST_MS 30000
#define BACKOFF_LEAST_MS 50

struct issuer {
    struct loop *loop;
    struct provider *provider;
    struct keyring *ring;      /* the provider's */
    struct outbound *outbound; /* its own, so that no flow holds up the keys */
    struct timer timer;
    struct outbound_call call;
    struct arena arena;
    char *metadata_url, *keys_url; /* keys_url: NULL until the metadata has been read */
    struct digest
        keys_digest; /* of the text of the published set, so that the same text is no news */
    bool published, busy;
    unsigned failures;
    int64_t refresh_ms, stale_ms;
};

static timer_fn refresh;
static op_fn metadata_answered, keys_answered;
static keyring_ask_fn asked;

static char *text_join(struct slice head, struct slice tail)
{
    char *text = memory_zeroed(head.len + tail.len + 1);
    memcpy(text, head.ptr, head.len);
    memcpy(text + head.len, tail.ptr, tail.len);
    return text;
}

/* Discovery §4.1: a slash at the issuer's end goes before the well-known path is added. */
static char *metadata_url(struct slice issuer)
{
    if (issuer.ptr[issuer.len - 1] == '/') issuer.len--;
    return text_join(issuer, SLICE("/.well-known/openid-configuration"));
}

struct issuer *issuer_new(struct loop *loop, struct provider *provider, const struct config *config)
{
    struct issuer *issuer = memory_zeroed(sizeof(*issuer));
    issuer->loop = loop;
    issuer->provider = provider;
    issuer->ring = &provider->ring;
    issuer->refresh_ms = config->oidc_refresh * 1000;
    issuer->stale_ms = config->oidc_stale * 1000;
    issuer->outbound = outbound_new(loop, 1, config->ca_file);
    issuer->metadata_url = metadata_url(provider->rules.issuer);
    issuer->call.op.owner = issuer;
    arena_init(&issuer->arena, 4 * ANSWER_MAX);
    timer_init(&issuer->timer, refresh);
    keyring_serve(issuer->ring, asked, issuer);
    timer_set(loop, &issuer->timer, 0);
    return issuer;
}

void issuer_free(struct issuer *issuer)
{
    timer_clear(&issuer->timer);
    outbound_free(issuer->outbound);
    arena_deinit(&issuer->arena);
    free(issuer->metadata_url);
    free(issuer->keys_url);
    free(issuer);
}

static void call(struct issuer *issuer, const char *url, op_fn *done)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    arena_reset(&issuer->arena);
    issuer->call = (struct outbound_call){
        .op.owner = issuer,
        .url = url,
        .headers = headers,
        .connect_timeout_ms = CONNECT_MS,
        .total_timeout_ms = TOTAL_MS,
        .body_max = ANSWER_MAX,
        .arena = &issuer->arena,
    };
    outbound_start(issuer->outbound, &issuer->call, done);
}

static void begin(struct issuer *issuer)
{
    timer_clear(&issuer->timer);
    issuer->busy = true;
    keyring_begin(issuer->ring);
}

static void refresh(struct timer *timer)
{
    struct issuer *issuer = CONTAINER_OF(timer, struct issuer, timer);
    begin(issuer);
    call(issuer, issuer->metadata_url, metadata_answered);
}

/* A member has met an unknown key. After a failure the addresses may be old, so all is read again. */
static void asked(void *owner)
{
    struct issuer *issuer = owner;
    int64_t now_ms = clock_mono_ms();
    if (issuer->busy) return; /* the end of this fetch is the answer */
    if (now_ms < atomic_load(&issuer->ring->refetch_from_ms)) {
        keyring_end(issuer->ring);
        return;
    }
    keyring_hold_off(issuer->ring, now_ms + ASK_PAUSE_MS);
    if (!issuer->keys_url || issuer->failures > 0) {
        refresh(&issuer->timer);
        return;
    }
    begin(issuer);
    call(issuer, issuer->keys_url, keys_answered);
}

/* 80 to 90 % of the refresh time. */
static int64_t next_refresh_ms(const struct issuer *issuer)
{
    int64_t tenth = issuer->refresh_ms / 10;
    return 8 * tenth + (int64_t)random_below((uint64_t)tenth + 1);
}

static int64_t next_try_ms(const struct issuer *issuer)
{
    unsigned doublings = issuer->failures < 8 ? issuer->failures : 8;
    int64_t most = (int64_t)BACKOFF_FIRST_MS << doublings;
    if (most > BACKOFF_MOST_MS) most = BACKOFF_MOST_MS;
    return BACKOFF_LEAST_MS + (int64_t)random_below((uint64_t)most);
}

static void end(struct issuer *issuer, enum auth_result result, int64_t pause_ms)
{
    issuer->busy = false;
    metrics_add(METRIC_KEY_FETCHES, result, 0, 1);
    timer_set(issuer->loop, &issuer->timer, pause_ms);
    keyring_end(issuer->ring);
}

static void succeed(struct issuer *issuer, enum auth_result result)
{
    bool new = issuer->failures > 0 || result == AUTH_RESULT_GOOD;
    issuer->failures = 0;
    /* First, and the log after it: who asks while the fetch has not ended takes its end for the answer. */
    end(issuer, result, next_refresh_ms(issuer));
    if (!new) return;
    log_write(LOG_IDENTITY_READY, LOG_TEXT("issuer", issuer->provider->rules.issuer),
        LOG_NUMBER("keys", keyset_count(issuer->ring->keys)));
}

static void fail(struct issuer *issuer, const char *why)
{
    bool answered = issuer->call.result == OUTBOUND_ANSWERED;
    issuer->failures++;
    log_write(LOG_IDENTITY_FAULT, LOG_TEXT("issuer", issuer->provider->rules.issuer),
        LOG_TEXT("why", slice_of(why)), LOG_TEXT("url", slice_of(issuer->call.url)),
        LOG_NUMBER("status", answered ? issuer->call.status : 0),
        LOG_TEXT("detail", answered ? SLICE("") : slice_of(issuer->call.fault)));
    end(issuer, AUTH_RESULT_FAILED, next_try_ms(issuer));
}

static const char *answer_fault(const struct outbound_call *call)
{
    if (call->result != OUTBOUND_ANSWERED) return "the provider did not answer";
    if (call->status != 200) return "the provider answered with an error or a redirect";
    return NULL;
}

/* What was known before stays when the provider gives something that cannot be used. */
static const char *read_metadata(struct issuer *issuer)
{
    struct metadata metadata CLEANUP(metadata_deinit);
    struct provider *provider = issuer->provider;
    const char *fault = metadata_read(&metadata, issuer->call.reply, provider->rules.issuer);
    if (fault) return fault;
    metadata_move_endpoints(&metadata, &provider->endpoints);
    provider->known = true;
    free(issuer->keys_url);
    issuer->keys_url = metadata.keys_url;
    metadata.keys_url = NULL;
    return NULL;
}

static void metadata_answered(struct op *op)
{
    struct issuer *issuer = op->owner;
    const char *fault = answer_fault(&issuer->call);
    if (!fault) fault = read_metadata(issuer);
    if (fault) {
        fail(issuer, fault);
        return;
    }
    call(issuer, issuer->keys_url, keys_answered);
}

static int64_t usable_until(const struct issuer *issuer)
{
    return clock_mono_ms() + issuer->refresh_ms + issuer->stale_ms;
}

/* Into the keyring; the same text as before only buys time. */
static const char *publish(struct issuer *issuer, enum auth_result *result)
{
    const char *fault = NULL;
    struct digest digest = digest_sha256(issuer->call.reply);
    *result = AUTH_RESULT_UNCHANGED;
    if (issuer->published && digest_equal_secret(&digest, &issuer->keys_digest)) {
        keyring_extend(issuer->ring, usable_until(issuer));
        return NULL;
    }
    struct keyset *keys = keyset_parse(issuer->call.reply, &fault);
    if (!keys) return fault;
    *result = AUTH_RESULT_GOOD;
    issuer->keys_digest = digest;
    issuer->published = keyset_count(keys) > 0;
    keyring_publish(issuer->ring, keys, issuer->published ? usable_until(issuer) : 0);
    return issuer->published ? NULL : "the key set has no key that can be used";
}

static void keys_answered(struct op *op)
{
    struct issuer *issuer = op->owner;
    enum auth_result result;
    const char *fault = answer_fault(&issuer->call);
    if (!fault) fault = publish(issuer, &result);
    if (fault) {
        fail(issuer, fault);
    } else {
        succeed(issuer, result);
    }
}
