/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flows under way, and what they share.
 *
 *   worker: auth_…_start ──job──▶ identity loop: steps, calls to the provider ──op_complete──▶ worker's loop: done
 *
 * A flow that needs the provider takes a place; without one it is answered at once. Nothing of a worker's is touched after its operation has
 * completed. Workers have ended before the identity loop does, so that at the end only background calls are left; those are dropped.
 *
 * On the identity loop's thread, but for flow_hand_over(). Owns the flows and their arenas.
 * Limits: of one provider FLOWS_SHARE at a time, and TOKENS_SHARE logout tokens; answers of ANSWER_MAX bytes; SPENT_MAX states are noted for as
 * long as tickets live, past that, and for what another copy of the service has seen, the provider alone sees to it that a code is used once
 * (RFC 6749 §4.1.2).
 */
#include "auth/flows.h"

#include "auth/flow.h"
#include "auth/flows_impl.h"
#include "auth/form.h"
#include "auth/replay.h"
#include "auth/ticket.h"
#include "core/clock.h"
#include "obs/log.h"

#define CONNECT_MS 5000
#define TOTAL_MS 10000
#define ANSWER_MAX ((size_t)256 * 1024)
#define SPENT_MAX 4096
#define HEADER_MAX ((size_t)16 * 1024)

/* How many are under way, by what they share their room with. Anybody may send a logout token that waits for keys: it must not take the room of
 * those who sign in. */
struct flow_counts {
    size_t all, of_provider[PROVIDERS_MAX], of_tokens[PROVIDERS_MAX];
};

struct flows {
    struct list running;
    struct flow_counts counts;
    struct replay *spent; /* states of sign-ins that came back */
};

struct flows *flows_new(struct auth *auth)
{
    struct flows *flows = memory_zeroed(sizeof(*flows));
    (void)auth;
    list_init(&flows->running);
    flows->spent = replay_new(TICKET_LIFE_MS, SPENT_MAX);
    return flows;
}

void flows_free(struct flows *flows)
{
    while (!list_empty(&flows->running)) {
        flow_free(CONTAINER_OF(flows->running.next, struct flow, node));
    }
    replay_free(flows->spent);
    free(flows);
}

void flow_hand_over(struct auth *auth, struct job *job)
{
    if (auth->provider_count > 0) {
        loop_post(auth->loop, job);
    } else {
        job->run(job);
    }
}

struct provider *flow_provider(struct auth *auth, size_t number)
{
    if (number < 1 || number > auth->provider_count) return NULL;
    struct provider *provider = &auth->providers[number - 1];
    return provider->client_id.len > 0 ? provider : NULL;
}

struct provider *flow_provider_of(struct auth *auth, struct slice issuer)
{
    for (size_t i = 0; i < auth->provider_count; i++) {
        if (slice_equal(auth->providers[i].rules.issuer, issuer)) return flow_provider(auth, i + 1);
    }
    return NULL;
}

/* False when `room` of them are there. */
static bool join(struct flow *flow, struct provider *provider, size_t *place, size_t room)
{
    if (*place == room) return false;
    ++*place;
    flow->place = place;
    flow->provider = provider;
    return true;
}

void *flow_new(struct auth *auth, struct provider *provider, size_t size)
{
    struct flows *flows = auth->flows;
    struct flow_counts *counts = &flows->counts;
    if (counts->all == FLOWS_MAX) return NULL;
    struct flow *flow = memory_zeroed(size);
    flow->auth = auth;
    if (provider &&
        !join(flow, provider, &counts->of_provider[provider->number - 1], FLOWS_SHARE)) {
        free(flow);
        return NULL;
    }
    arena_init(&flow->arena, 4 * ANSWER_MAX);
    list_init(&flow->node);
    list_append(&flows->running, &flow->node);
    counts->all++;
    return flow;
}

bool flow_token_of(struct flow *flow, struct provider *provider)
{
    struct flow_counts *counts = &flow->auth->flows->counts;
    return join(flow, provider, &counts->of_tokens[provider->number - 1], TOKENS_SHARE);
}

void flow_free(struct flow *flow)
{
    flow->auth->flows->counts.all--;
    if (flow->place) --*flow->place;
    list_remove(&flow->node);
    if (flow->deinit) flow->deinit(flow);
    arena_deinit(&flow->arena);
    free(flow);
}

static void start_call(struct flow *flow, const char *url, struct slice body, op_fn *done)
{
    flow->call = (struct outbound_call){
        .op.owner = flow,
        .url = arena_copy(&flow->arena, slice_of(url)).ptr,
        .headers = flow->headers,
        .body = body,
        .connect_timeout_ms = CONNECT_MS,
        .total_timeout_ms = TOTAL_MS,
        .body_max = ANSWER_MAX,
        .arena = &flow->arena,
    };
    outbound_start(flow->provider->calls, &flow->call, done);
}

void flow_post(struct flow *flow, const char *url, const struct buf *form, op_fn *done)
{
    CLEANUP(buf_deinit)
    struct buf field;
    const struct provider *provider = flow->provider;
    check(buf_ok(form));
    buf_init(&field, HEADER_MAX);
    buf_put_text(&field, "Authorization: ");
    form_put_basic(&field, provider->client_id, provider->client_secret);
    check(buf_ok(&field));
    flow->headers[0] = "Accept: application/json";
    flow->headers[1] = "Content-Type: application/x-www-form-urlencoded";
    flow->headers[2] = arena_copy(&flow->arena, buf_slice(&field)).ptr;
    flow->headers[3] = NULL;
    start_call(flow, url, arena_copy(&flow->arena, buf_slice(form)), done);
}

void flow_get(struct flow *flow, const char *url, struct slice token, op_fn *done)
{
    flow->headers[0] = "Accept: application/json";
    flow->headers[1] =
        arena_format(&flow->arena, "Authorization: Bearer %.*s", SLICE_ARG(token)).ptr;
    flow->headers[2] = NULL;
    start_call(flow, url, slice_absent(), done);
}

bool flow_spend(struct flows *flows, struct slice state)
{
    struct digest id = digest_sha256(state);
    return replay_note(flows->spent, &id, clock_mono_ms()) != REPLAY_SEEN;
}

void flow_log_refusal(const char *what, struct slice why)
{
    log_write(LOG_IDENTITY_REFUSED, LOG_TEXT("what", slice_of(what)), LOG_TEXT("why", why));
}

void flow_log_fault(const struct flow *flow, const char *why)
{
    const struct outbound_call *call = &flow->call;
    bool answered = call->result == OUTBOUND_ANSWERED;
    log_write(LOG_IDENTITY_FAULT, LOG_TEXT("why", slice_of(why)),
        LOG_TEXT("url", slice_of(call->url)), LOG_NUMBER("status", answered ? call->status : 0),
        LOG_TEXT("detail", answered ? SLICE("") : slice_of(call->fault)));
}
