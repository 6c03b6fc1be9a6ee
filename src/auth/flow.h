/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every flow with a provider is made of: its memory, its place among those under way, its calls.
 *
 * A flow lives on the identity loop from the job that a worker posted to its last step, which frees it and then completes the worker's
 * operation; a background call may outlive that. Everything here is for the identity loop's thread, except flow_hand_over().
 */
#pragma once

#include "auth/flows.h"
#include "auth/link.h"

#define FLOW_FORM_MAX ((size_t)64 * 1024)

struct flow;
typedef void flow_deinit_fn(struct flow *flow);

/* The first member of each kind of flow. */
struct flow {
    struct auth *auth;
    struct provider *provider;
    size_t *place;          /* where it is counted; NULL while its provider is not known */
    flow_deinit_fn *deinit; /* releases what the kind owns; NULL when it owns nothing */
    struct arena arena;     /* requests to the provider, and its answers; the flow's own */
    struct outbound_call call;
    const char *headers[4];
    struct list node;
};

/* Runs `job` on the identity loop; at once when there is none, for then there is no provider either. Any thread. */
void flow_hand_over(struct auth *auth, struct job *job);

/* By number or by issuer; NULL when it is not configured, or has no client of ours. */
struct provider *flow_provider(struct auth *auth, size_t number);
struct provider *flow_provider_of(struct auth *auth, struct slice issuer);

/* `size` bytes, zeroed, with a flow at their front. `provider`: NULL when it is not known yet. NULL when FLOWS_MAX are under way, or
 * FLOWS_SHARE with this provider. */
void *flow_new(struct auth *auth, struct provider *provider, size_t size);
/* The provider of a flow that began without, and is about a logout token. False when TOKENS_SHARE of them are under way. */
MUST_CHECK bool flow_token_of(struct flow *flow, struct provider *provider);
/* Not while a call is under way. */
void flow_free(struct flow *flow);
/* A form, with the client's credentials. `op.owner` of the call is the flow. Url and form are copied. */
void flow_post(struct flow *flow, const char *url, const struct buf *form, op_fn *done);
/* A GET with a token (RFC 6750 §2.1). */
void flow_get(struct flow *flow, const char *url, struct slice token, op_fn *done);

/* True for the first one who brings this state. */
MUST_CHECK bool flow_spend(struct flows *flows, struct slice state);

/* Logs. `what`: sign_in, refresh, logout_token. `why`: a fixed word; nothing of what was presented. */
void flow_log_refusal(const char *what, struct slice why);
/* The last call had no usable answer. */
void flow_log_fault(const struct flow *flow, const char *why);
