/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about opaque tokens, gathered into as few calls as possible.
 *
 *   start ──job──▶ kept answer → done
 *                  same token asked about just now → joins that call ─┐
 *                  too many, too fast, provider unknown → refused     ├──▶ answer: kept when good, handed to all who wait
 *                  else a new call ───────────────────────────────────┘
 *
 * Never forwarded: tokens in the form of a JWT or a JWE, because they name their issuer themselves, and may be another one's (RFC 9700
 * §4.9 tells what a resource server may do with a token that it was not meant to have). A good answer is kept for at most
 * INTROSPECTION_KEEP_MS, for all workers together; a bad one is not, for strangers could fill any memory of them: what holds them is the
 * rate of calls. Calls have connections of their own, so that no flood of tokens holds up a sign-in.
 *
 * Started on workers' threads; all else on the identity loop's. An inquiry and its arena are lent to us until it completes.
 * Limits: CALLS_MAX calls, INQUIRIES_MAX inquiries at a time, RATE_PER_S new calls a second after RATE_BURST at once; past each ERR_BUSY.
 */
#include "auth/introspection.h"

#include "auth/form.h"
#include "auth/introspection_answer.h"
#include "auth/result.h"
#include "auth/token_cache.h"
#include "core/charset.h"
#include "core/clock.h"
#include "core/digest.h"
#include "obs/log.h"
#include "obs/metrics.h"

/* Under the 8 s that the service has for its end, and the patience of most clients. */
#define CONNECT_MS 2000
#define TOTAL_MS 4000
#define CONNECTIONS_MAX 16
#define CALLS_MAX 64
#define INQUIRIES_MAX 1024
#define RATE_PER_S 100
#define RATE_BURST 100
#define KEPT_MAX 4096
/* Real ones have tens of bytes, or a few hundred. */
#define TOKEN_LEN_MAX 2048
#define ANSWER_MAX ((size_t)64 * 1024)
#define FORM_MAX ((size_t)8192)
#define CREDENTIALS_MAX ((size_t)16384)

struct introspection {
    struct loop *loop;
    const struct provider *provider;
    struct outbound *outbound;
    struct token_cache *kept;
    struct buf authorization; /* a header field, with its NUL */
    struct list calls;
    size_t call_count, inquiry_count;
    int64_t
        rate_us; /* when the calls made so far would have been due at the even rate; monotonic */
};

struct call {
    struct list node;
    struct introspection *introspection;
    struct digest key; /* of the token */
    struct list inquiries;
    struct outbound_call base;
    struct arena arena;
    struct buf form;
    char *url; /* ours: the provider's may change meanwhile */
    const char *headers[4];
};

static job_fn arrive;
static op_fn answered;

struct introspection *introspection_new(struct loop *loop, const struct provider *provider)
{
    struct introspection *introspection = memory_zeroed(sizeof(*introspection));
    struct buf *authorization = &introspection->authorization;
    introspection->loop = loop;
    introspection->provider = provider;
    introspection->outbound = outbound_new(loop, CONNECTIONS_MAX, provider->ca_file);
    introspection->kept = token_cache_new(KEPT_MAX);
    list_init(&introspection->calls);
    buf_init(authorization, CREDENTIALS_MAX);
    buf_put_text(authorization, "Authorization: ");
    form_put_basic(authorization, provider->client_id, provider->client_secret);
    buf_put_char(authorization, '\0');
    check(buf_ok(authorization));
    return introspection;
}

static void free_call(struct call *call)
{
    list_remove(&call->node);
    call->introspection->call_count--;
    arena_deinit(&call->arena);
    buf_deinit(&call->form);
    free(call->url);
    free(call);
}

void introspection_give_up(struct introspection *introspection)
{
    outbound_give_up(introspection->outbound);
}

void introspection_free(struct introspection *introspection)
{
    if (!introspection) return;
    outbound_free(introspection->outbound);
    while (!list_empty(&introspection->calls)) {
        free_call(CONTAINER_OF(introspection->calls.next, struct call, node));
    }
    token_cache_free(introspection->kept);
    buf_deinit(&introspection->authorization);
    free(introspection);
}

/* The alphabet of RFC 6750 §2.1, and neither two dots (JWS) nor four (JWE). */
bool introspection_wants(struct slice token)
{
    static const struct charset alphabet = {
        CHARSET_DIGITS | CHARSET_BIT('-') | CHARSET_BIT('.') | CHARSET_BIT('+') | CHARSET_BIT('/') |
            CHARSET_BIT('='),
        CHARSET_LETTERS | CHARSET_BIT('_') | CHARSET_BIT('~'),
    };
    size_t dots = 0;
    if (token.len == 0 || token.len > TOKEN_LEN_MAX) return false;
    for (size_t i = 0; i < token.len; i++) {
        if (!charset_has(&alphabet, token.ptr[i])) return false;
        dots += token.ptr[i] == '.';
    }
    return dots != 2 && dots != 4;
}

void introspection_start(
    struct introspection *introspection, struct loop *home, struct inquiry *inquiry, op_fn *done)
{
    inquiry->introspection = introspection;
    inquiry->job.run = arrive;
    op_start(&inquiry->op, home, done);
    loop_post(introspection->loop, &inquiry->job);
}

/* --- On the identity loop --- */

static bool kept(struct introspection *introspection, struct inquiry *inquiry)
{
    inquiry->refusal = REFUSAL_NONE;
    return token_cache_get(
        introspection->kept, inquiry->token, clock_wall_ms(), inquiry->arena, &inquiry->identity);
}

static struct call *find_call(const struct introspection *introspection, const struct digest *key)
{
    list_for_each (node, &introspection->calls) {
        struct call *call = CONTAINER_OF(node, struct call, node);
        if (digest_equal_secret(&call->key, key)) return call;
    }
    return NULL;
}

/* True when one more call keeps the rate; it is counted. */
static bool within_rate(struct introspection *introspection)
{
    const int64_t share_us = 1000000 / RATE_PER_S;
    int64_t now_us = clock_mono_us();
    if (introspection->rate_us < now_us) introspection->rate_us = now_us;
    if (introspection->rate_us - now_us >= RATE_BURST * share_us) return false;
    introspection->rate_us += share_us;
    return true;
}

static struct call *new_call(
    struct introspection *introspection, const struct digest *key, struct slice token)
{
    struct call *call = memory_zeroed(sizeof(*call));
    call->introspection = introspection;
    call->key = *key;
    call->url = memory_text(introspection->provider->endpoints.introspection);
    call->headers[0] = introspection->authorization.ptr;
    call->headers[1] = "Content-Type: application/x-www-form-urlencoded";
    call->headers[2] = "Accept: application/json";
    list_init(&call->inquiries);
    arena_init(&call->arena, 4 * ANSWER_MAX);
    buf_init(&call->form, FORM_MAX);
    form_put(&call->form, "token", token);
    form_put(&call->form, "token_type_hint", SLICE("access_token"));
    check(buf_ok(&call->form));
    list_append(&introspection->calls, &call->node);
    introspection->call_count++;
    return call;
}

static void send(struct call *call)
{
    call->base = (struct outbound_call){
        .op.owner = call,
        .url = call->url,
        .headers = call->headers,
        .body = buf_slice(&call->form),
        .connect_timeout_ms = CONNECT_MS,
        .total_timeout_ms = TOTAL_MS,
        .body_max = ANSWER_MAX,
        .arena = &call->arena,
    };
    outbound_start(call->introspection->outbound, &call->base, answered);
}

static bool full(struct introspection *introspection)
{
    return introspection->call_count == CALLS_MAX || !within_rate(introspection);
}

/* Joins the call about the same token, or makes one; what else to answer at once. */
static enum err join(struct introspection *introspection, struct inquiry *inquiry)
{
    const struct provider *provider = introspection->provider;
    struct digest key = digest_sha256(inquiry->token);
    struct call *call = find_call(introspection, &key);
    if (introspection->inquiry_count == INQUIRIES_MAX) return ERR_BUSY;
    if (!call && !provider->known) return ERR_UNAVAILABLE;
    if (!call && full(introspection)) return ERR_BUSY;
    if (!call) {
        call = new_call(introspection, &key, inquiry->token);
        send(call);
    }
    list_append(&call->inquiries, &inquiry->node);
    introspection->inquiry_count++;
    return ERR_OK;
}

static void arrive(struct job *job)
{
    struct inquiry *inquiry = CONTAINER_OF(job, struct inquiry, job);
    struct introspection *introspection = inquiry->introspection;
    const struct provider *provider = introspection->provider;
    if (kept(introspection, inquiry)) {
        op_complete(&inquiry->op, ERR_OK);
        return;
    }
    if (provider->known && !provider->endpoints.introspection) {
        inquiry->refusal = REFUSAL_SEGMENTS; /* so only JWTs are good */
        op_complete(&inquiry->op, ERR_OK);
        return;
    }
    enum err err = join(introspection, inquiry);
    if (!err) return;
    if (err == ERR_BUSY) metrics_add(METRIC_INTROSPECTIONS, AUTH_RESULT_BUSY, 0, 1);
    op_complete(&inquiry->op, err);
}

static enum auth_result count(const struct introspection_answer *answer)
{
    enum auth_result result = answer->refusal ? AUTH_RESULT_REFUSED : AUTH_RESULT_GOOD;
    if (answer->fault) result = AUTH_RESULT_FAILED;
    metrics_add(METRIC_INTROSPECTIONS, result, 0, 1);
    return result;
}

static void log_fault(const struct call *call, const struct introspection_answer *answer)
{
    bool came = call->base.result == OUTBOUND_ANSWERED;
    log_write(answer->client_refused ? LOG_IDENTITY_CLIENT_REFUSED : LOG_IDENTITY_FAULT,
        LOG_TEXT("why", slice_of(answer->fault)), LOG_TEXT("url", slice_of(call->url)),
        LOG_NUMBER("status", came ? call->base.status : 0),
        LOG_TEXT("detail", came ? SLICE("") : slice_of(call->base.fault)));
}

static void hand_out(struct inquiry *inquiry, const struct introspection_answer *answer)
{
    struct identity *identity = &inquiry->identity;
    inquiry->introspection->inquiry_count--;
    inquiry->refusal = answer->refusal;
    *identity = answer->identity;
    identity->subject = arena_copy(inquiry->arena, identity->subject);
    identity->client_id = arena_copy(inquiry->arena, identity->client_id);
    identity->customer_code = arena_copy(inquiry->arena, identity->customer_code);
    identity->thumbprint = arena_copy(inquiry->arena, identity->thumbprint);
    op_complete(&inquiry->op, answer->fault ? ERR_UNAVAILABLE : ERR_OK);
}

static void answered(struct op *op)
{
    struct list *node = NULL;
    struct call *call = op->owner;
    struct introspection *introspection = call->introspection;
    struct introspection_answer answer =
        introspection_answer_read(&call->base, &introspection->provider->rules, clock_wall_ms());
    if (answer.fault) log_fault(call, &answer);
    bool good = count(&answer) == AUTH_RESULT_GOOD;
    while ((node = list_take(&call->inquiries))) {
        struct inquiry *inquiry = CONTAINER_OF(node, struct inquiry, node);
        /* Once; behind the completion the token may be gone. */
        if (good) token_cache_put(introspection->kept, inquiry->token, &answer.identity);
        good = false;
        hand_out(inquiry, &answer);
    }
    free_call(call);
}
