/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The browser's two visits of a sign-in (OpenID Connect Core §3.1; the talk with the provider is auth/flows.h).
 *
 *   /auth/login    begin → begun: 303 to the provider, with the cookie of the transaction
 *   /auth/callback finish → exchanged: new session → created: 303 to where the person wanted to go, with the cookie of the session
 *
 * The transaction's cookie is good for one visit of the callback, however that ends. A browser's former session ends in the
 * transaction that makes the new one, which always has an id of its own: nobody can be brought to use an id that another knows.
 * Whatever goes wrong is told on a page, for it is a person who looks at it.
 *
 * Worker's thread; everything lives in the request's arena. The code is in the query alone, which is never logged.
 */
#include "api/sign_in.h"

#include "api/api.h"
#include "api/audit.h"
#include "api/session_cookie.h"
#include "auth/flows.h"
#include "core/clock.h"
#include "http/cookie.h"
#include "http/page.h"
#include "store/session.h"

/* RFC 10017 wants Lax: it must survive the way back from another site. */
#define LOGIN_COOKIE SLICE("__Host-agizo-login")
#define LOGIN_SECONDS 600
#define LOGIN_PATH SLICE("/auth/login")
/* More is not repeated of what the provider says about a refusal. */
#define REASON_SHOWN 300

static step_fn begun, exchanged, created;

static enum step fail(struct req *rq, enum err err, struct slice reason)
{
    return req_fail_page(rq, err, reason, err == ERR_NOT_FOUND ? slice_absent() : LOGIN_PATH);
}

/* The first one when nothing is said; 0, which is none, for what is no number. */
static size_t provider_number(struct slice text)
{
    uint64_t number;
    if (!slice_present(text)) return 1;
    return slice_to_u64(text, UINT16_MAX, &number) ? (size_t)number : 0;
}

enum step sign_in_begin(struct req *rq)
{
    const struct api_worker *worker = req_worker(rq);
    struct auth_sign_in *flow = req_state(rq, struct auth_sign_in);
    flow->op.owner = rq;
    flow->arena = &rq->arena;
    flow->issuer = provider_number(req_parameter(rq, SLICE("issuer")));
    flow->return_path = req_parameter(rq, SLICE("return"));
    if (flow->issuer == 0) return fail(rq, ERR_NOT_FOUND, slice_absent());
    auth_sign_in_start(worker->api->auth, worker->loop, flow, req_op_done);
    return req_await(rq, begun);
}

static enum step begun(struct req *rq)
{
    const struct auth_sign_in *flow = rq->state;
    if (flow->op.err) return fail(rq, flow->op.err, slice_absent());
    cookie_set(rq, LOGIN_COOKIE, flow->cookie, LOGIN_SECONDS);
    return req_redirect(rq, flow->url);
}

struct finishing {
    struct auth_callback flow;
    struct store_session_create create;
    struct slice cookie; /* of the new session */
};

static struct slice login_cookie(const struct req *rq)
{
    struct slice value;
    return cookie_find(rq, LOGIN_COOKIE, &value) == 1 ? value : slice_absent();
}

enum step sign_in_finish(struct req *rq)
{
    const struct api_worker *worker = req_worker(rq);
    struct auth_callback *flow = &req_state(rq, struct finishing)->flow;
    flow->op.owner = rq;
    flow->arena = &rq->arena;
    flow->issuer = provider_number(rq->arguments[0]);
    flow->cookie = login_cookie(rq);
    flow->state = req_parameter(rq, SLICE("state"));
    flow->code = req_parameter(rq, SLICE("code"));
    flow->iss = req_parameter(rq, SLICE("iss"));
    flow->error = req_parameter(rq, SLICE("error"));
    if (flow->issuer == 0) return fail(rq, ERR_NOT_FOUND, slice_absent());
    auth_callback_start(worker->api->auth, worker->loop, flow, req_op_done);
    return req_await(rq, exchanged);
}

/* What the provider says of its refusal; only in an answer that belongs to this browser's sign-in. */
static struct slice reason(struct req *rq, enum err err)
{
    struct slice code = req_parameter(rq, SLICE("error"));
    struct slice words = req_parameter(rq, SLICE("error_description"));
    if (err != ERR_SIGN_IN_REFUSED || !slice_present(code)) return slice_absent();
    if (code.len + words.len > REASON_SHOWN) return slice_absent();
    return arena_format(&rq->arena, "The provider says: %.*s%s%.*s", SLICE_ARG(code),
        words.len > 0 ? ": " : "", SLICE_ARG(words));
}

static void fill_row(const struct req *rq, const struct auth_grant *grant, struct session *row)
{
    int64_t now = clock_wall_ms();
    *row = (struct session){
        .id = row->id,
        .issuer = grant->identity.issuer,
        .subject = grant->identity.subject,
        .sid = grant->sid,
        .name = grant->name,
        .client_id = grant->identity.client_id,
        .customer_code = grant->identity.customer_code,
        .is_customer = grant->identity.is_customer,
        .permissions = grant->identity.permissions,
        .tokens = grant->tokens,
        .created_at = now,
        .seen_at = now,
        .expires_at = now + req_worker(rq)->api->config->session_max * 1000,
        .refresh_at = grant->identity.expires_at,
        .refreshable = grant->refreshable,
    };
}

static enum step exchanged(struct req *rq)
{
    struct finishing *finishing = rq->state;
    struct store_session_create *create = &finishing->create;
    enum err err = finishing->flow.op.err;
    cookie_clear(rq, LOGIN_COOKIE);
    if (err) return fail(rq, err, reason(rq, err));
    rq->identity = &finishing->flow.grant.identity;
    create->base.verb = STORE_SESSION_CREATE;
    create->has_former = session_cookie_read(rq, &create->former) == ERR_OK;
    finishing->cookie = session_cookie_make(&rq->arena, &create->row.id);
    fill_row(rq, &finishing->flow.grant, &create->row);
    create->entry = (struct audit_entry){uuid_new(), create->row.created_at, req_actor(rq),
        AUDIT_SESSION_BEGAN, create->row.subject};
    return req_store(rq, &create->base, created);
}

static enum step created(struct req *rq)
{
    const struct finishing *finishing = rq->state;
    enum err err = finishing->create.base.op.err;
    if (err) return fail(rq, err, slice_absent());
    session_cookie_set(rq, finishing->cookie);
    return req_redirect(rq, finishing->flow.return_path);
}
