/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sign-in begins: where to send the browser, and what it must bring back.
 *
 * One step: nothing is asked of the provider and nothing is kept here. All that the provider gets to see comes from settings and metadata,
 * never from the request (RFC 9700 §4.1). No resource is named and none of our own scopes is asked for: the access token serves for nothing but
 * userinfo, and what a session may do is decided by roles. On the identity loop's thread, where the metadata is; started from workers.
 */
#include "auth/flow.h"
#include "auth/form.h"
#include "auth/return_path.h"
#include "auth/ticket.h"
#include "core/clock.h"

#define URL_MAX 8192

static job_fn run;

void auth_sign_in_start(
    struct auth *auth, struct loop *home, struct auth_sign_in *flow, op_fn *done)
{
    op_start(&flow->op, home, done);
    flow->auth = auth;
    flow->job.run = run;
    flow_hand_over(auth, &flow->job);
}

/* RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1. */
static struct slice authorization_url(
    const struct provider *provider, const struct ticket *ticket, struct arena *arena)
{
    CLEANUP(buf_deinit)
    struct buf url;
    buf_init(&url, URL_MAX);
    form_begin_query(&url, slice_of(provider->endpoints.authorization));
    form_put(&url, "response_type", SLICE("code"));
    form_put(&url, "client_id", provider->client_id);
    form_put(&url, "redirect_uri", provider->redirect_uri);
    form_put(&url, "scope", provider->scopes);
    form_put(&url, "state", ticket->state);
    form_put(&url, "nonce", ticket->nonce);
    form_put(&url, "code_challenge", ticket_challenge(ticket, arena));
    form_put(&url, "code_challenge_method", SLICE("S256"));
    return buf_ok(&url) ? arena_copy(arena, buf_slice(&url)) : slice_absent();
}

/* Without S256 a stolen code could be used (RFC 9700 §2.1.1, §4.8); `plain` is no replacement. A provider that says nothing may still have it,
 * when the settings say so. */
static bool takes_s256(const struct provider *provider)
{
    const struct endpoints *endpoints = &provider->endpoints;
    return endpoints->s256 || (provider->assumes_s256 && !endpoints->lists_challenges);
}

static const char *provider_fault(const struct provider *provider)
{
    const struct endpoints *endpoints = &provider->endpoints;
    if (!provider->known) return "no_metadata";
    if (!endpoints->authorization || !endpoints->token) return "no_endpoint";
    return takes_s256(provider) ? NULL : "no_s256";
}

static enum err begin(struct auth_sign_in *asked)
{
    struct ticket ticket;
    struct auth *auth = asked->auth;
    const struct provider *provider = flow_provider(auth, asked->issuer);
    if (!provider || auth->seal.count == 0) return ERR_NOT_FOUND;
    const char *fault = provider_fault(provider);
    if (fault) {
        flow_log_refusal("sign_in", slice_of(fault));
        return ERR_UNAVAILABLE;
    }
    struct slice path = return_path(asked->return_path);
    ticket_make(&ticket, provider->number, path, clock_wall_ms(), asked->arena);
    asked->url = authorization_url(provider, &ticket, asked->arena);
    asked->cookie = ticket_seal(&ticket, &auth->seal, asked->arena);
    return slice_present(asked->url) ? ERR_OK : ERR_UNAVAILABLE;
}

static void run(struct job *job)
{
    struct auth_sign_in *asked = CONTAINER_OF(job, struct auth_sign_in, job);
    op_complete(&asked->op, begin(asked));
}
