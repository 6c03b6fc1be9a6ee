/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session has ended here: where the browser ends it at the provider, and the refresh token's end.
 *
 *   sign_out: job ──▶ open what was kept ──▶ address, sealed ──▶ complete ──▶ (background) REVOKE ──▶ end
 *   leave:    job ──▶ ticket, secret, time, used before ──▶ address
 *
 * The address has the ID token in it (id_token_hint), which no page of ours may get to see: so the page gets a ticket for it, and
 * the browser the address, when it visits us with that ticket and the secret. The revocation waits for nobody and nobody for it: when it fails, the token ends with its own life at the provider, and we have forgotten it.
 * On the identity loop's thread; started from workers.
 */
#include "auth/flow.h"
#include "auth/form.h"
#include "auth/kept.h"
#include "auth/leave.h"
#include "auth/token_reply.h"
#include "core/clock.h"
#include "core/random.h"

/* A hint that does not fit is left out; the client's name stands for it then. */
#define HINT_MAX 5120
#define STATE_LEN 16

static job_fn run, run_leave;
static op_fn revoked;

void auth_sign_out_start(
    struct auth *auth, struct loop *home, struct auth_sign_out *flow, op_fn *done)
{
    op_start(&flow->op, home, done);
    flow->auth = auth;
    flow->job.run = run;
    flow_hand_over(auth, &flow->job);
}

/* Nobody compares it when the browser comes back, for by then there is nothing left to protect; providers may want one. */
static void put_state(struct buf *url)
{
    char bytes[STATE_LEN];
    CLEANUP(buf_deinit)
    struct buf state;
    random_fill(bytes, sizeof(bytes));
    buf_init(&state, 2 * sizeof(bytes));
    buf_put_base64url(&state, (struct slice){bytes, sizeof(bytes)});
    form_put(url, "state", buf_slice(&state));
}

static void put_return(struct buf *url, struct slice home, struct arena *arena)
{
    if (home.len == 0) return;
    const char *slash = home.ptr[home.len - 1] == '/' ? "" : "/";
    struct slice page = arena_format(arena, "%.*s%s", SLICE_ARG(home), slash);
    form_put(url, "post_logout_redirect_uri", page);
}

/* OpenID Connect RP-Initiated Logout §2. */
static struct slice end_session_url(
    const struct auth_sign_out *asked, const struct provider *provider, struct slice hint)
{
    CLEANUP(buf_deinit)
    struct buf url;
    buf_init(&url, LEAVE_URL_MAX);
    if (!provider->endpoints.end_session) return slice_absent();
    form_begin_query(&url, slice_of(provider->endpoints.end_session));
    if (hint.len > 0 && hint.len <= HINT_MAX) form_put(&url, "id_token_hint", hint);
    form_put(&url, "client_id", provider->client_id);
    put_return(&url, slice_of(asked->auth->public_url), asked->arena);
    put_state(&url);
    return buf_ok(&url) ? arena_copy(asked->arena, buf_slice(&url)) : slice_absent();
}

static void give_ticket(
    struct auth_sign_out *asked, const struct provider *provider, struct slice hint)
{
    struct leave leave;
    const struct seal *seal = &asked->auth->seal;
    struct slice url = end_session_url(asked, provider, hint);
    if (!slice_present(url)) url = end_session_url(asked, provider, slice_absent());
    if (!slice_present(url) || seal->count == 0) return;
    leave_make(&leave, url, clock_wall_ms(), asked->arena);
    asked->secret = leave.secret;
    asked->ticket = leave_seal(&leave, seal, asked->arena);
}

/* RFC 7009 §2.1. */
static void revoke(struct auth *auth, struct provider *provider, struct slice token)
{
    CLEANUP(buf_deinit)
    struct buf form;
    struct flow *flow = flow_new(auth, provider, sizeof(*flow));
    buf_init(&form, FLOW_FORM_MAX);
    if (!flow) return;
    form_put(&form, "token", token);
    form_put(&form, "token_type_hint", SLICE("refresh_token"));
    flow_post(flow, provider->endpoints.revocation, &form, revoked);
}

static void begin(struct auth_sign_out *asked, struct provider *provider)
{
    struct kept kept;
    const struct kept_owner owner = {provider->rules.issuer, asked->subject};
    if (!kept_open(&kept, &asked->auth->seal, owner, asked->tokens, asked->arena)) {
        kept = (struct kept){.nonce = slice_absent()};
    }
    give_ticket(asked, provider, kept.id_token);
    if (slice_present(kept.refresh_token) && provider->endpoints.revocation) {
        revoke(asked->auth, provider, kept.refresh_token);
    }
}

static void run(struct job *job)
{
    struct auth_sign_out *asked = CONTAINER_OF(job, struct auth_sign_out, job);
    struct provider *provider = flow_provider_of(asked->auth, asked->issuer);
    asked->ticket = asked->secret = slice_absent();
    if (provider) begin(asked, provider);
    op_complete(&asked->op, ERR_OK);
}

void auth_leave_start(struct auth *auth, struct loop *home, struct auth_leave *flow, op_fn *done)
{
    op_start(&flow->op, home, done);
    flow->auth = auth;
    flow->job.run = run_leave;
    flow_hand_over(auth, &flow->job);
}

static enum err take_leave(struct auth_leave *asked)
{
    struct leave leave;
    if (!leave_open(&leave, &asked->auth->seal, asked->ticket, asked->arena) ||
        !slice_equal_secret(asked->secret, leave.secret) || clock_wall_ms() >= leave.expires_at ||
        !flow_spend(asked->auth->flows, leave.secret)) {
        return ERR_BAD_SIGN_OUT;
    }
    asked->url = leave.url;
    return ERR_OK;
}

static void run_leave(struct job *job)
{
    struct auth_leave *asked = CONTAINER_OF(job, struct auth_leave, job);
    op_complete(&asked->op, take_leave(asked));
}

static void revoked(struct op *op)
{
    struct flow *flow = op->owner;
    bool answered = answer_of(&flow->call) == ANSWER_GOOD;
    if (!answered || flow->call.status != 200) {
        flow_log_fault(flow, "the refresh token was not revoked");
    }
    flow_free(flow);
}
