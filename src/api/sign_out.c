/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three ways out. In each the session is gone from the store before anything else happens or is answered.
 *
 *   POST /auth/logout         sign_out → looked_up → ended_own → way_known: where the page is to go next: here again, with a ticket
 *   GET /auth/logout          sign_out_leave → left: 303 to the provider's page, whose address only the browser gets to see
 *   /auth/backchannel-logout  backchannel_logout → (body) → announced → judged → ended_all
 *   DELETE /v1/sessions       (gate) → sessions_end → counted
 *
 * A logout without a live session is none: it clears the cookie and answers alike, so that nobody learns whether there was one. Our
 * cookie is SameSite=Lax and every logout needs own_page(), so no other site can sign anybody out; a GET never does: it is good for nothing
 * but to go on, once, with what the POST before it gave to this browser, in its address and in a cookie.
 *
 * Worker's thread; everything lives in the request's arena.
 */
#include "api/sign_out.h"

#include "api/audit.h"
#include "api/own_url.h"
#include "api/schema.h"
#include "api/session_cookie.h"
#include "auth/flows.h"
#include "auth/leave.h"
#include "core/clock.h"
#include "core/rate_limit.h"
#include "http/connection.h"
#include "http/cookie.h"
#include "http/form.h"
#include "http/media_type.h"
#include "http/page.h"
#include "obs/log.h"
#include "store/session.h"

/* A logout token has 8 KiB at most; the rest is for what else a provider puts into the form. */
#define FORM_MAX 16384
/* A provider ends all sessions of an office at once. */
#define BURST_SECONDS 4

/* What a browser needs beside the ticket. */
#define LOGOUT_COOKIE SLICE("__Host-agizo-logout")

static step_fn looked_up, ended_own, way_known, left, announced, judged, ended_all, counted;

static struct audit_entry entry_of(struct req *rq, enum audit_action action, struct slice record)
{
    return (struct audit_entry){uuid_new(), clock_wall_ms(), req_actor(rq), action, record};
}

/* --- /auth/logout --- */

struct leaving {
    struct store_session_get get;
    struct store_session_end end;
    struct auth_sign_out flow;
};

static enum step reply_way(struct req *rq, struct slice url)
{
    session_cookie_clear(rq);
    const struct way_out row = {slice_present(url) ? url : SLICE("/")};
    return req_reply_row(rq, 200, rq->route->gives(), &row);
}

enum step sign_out(struct req *rq)
{
    struct store_session_get *get = &req_state(rq, struct leaving)->get;
    if (!own_page(rq)) return req_fail(rq, ERR_CROSS_SITE);
    if (session_cookie_read(rq, &get->id)) return reply_way(rq, slice_absent());
    get->base.verb = STORE_SESSION_GET;
    get->now = clock_wall_ms();
    get->idle_ms = req_worker(rq)->api->config->session_idle * 1000;
    return req_store(rq, &get->base, looked_up);
}

static enum step looked_up(struct req *rq)
{
    struct leaving *leaving = rq->state;
    const struct session *row = &leaving->get.row;
    struct store_session_end *end = &leaving->end;
    enum err err = leaving->get.base.op.err;
    if (err == ERR_NOT_FOUND) return reply_way(rq, slice_absent());
    if (err) return req_fail(rq, err);
    end->base.verb = STORE_SESSION_END;
    end->by_id = true;
    end->id = leaving->get.id;
    end->entry = entry_of(rq, AUDIT_SESSION_ENDED, row->subject);
    end->entry.actor.issuer = row->issuer;
    end->entry.actor.subject = row->subject;
    end->entry.actor.client_id = row->client_id;
    return req_store(rq, &end->base, ended_own);
}

static enum step ended_own(struct req *rq)
{
    const struct api_worker *worker = req_worker(rq);
    struct leaving *leaving = rq->state;
    struct auth_sign_out *flow = &leaving->flow;
    if (leaving->end.base.op.err) return req_fail(rq, leaving->end.base.op.err);
    flow->op.owner = rq;
    flow->arena = &rq->arena;
    flow->issuer = leaving->get.row.issuer;
    flow->subject = leaving->get.row.subject;
    flow->tokens = leaving->get.row.tokens;
    auth_sign_out_start(worker->api->auth, worker->loop, flow, req_op_done);
    return req_await(rq, way_known);
}

static enum step way_known(struct req *rq)
{
    const struct auth_sign_out *flow = &((const struct leaving *)rq->state)->flow;
    if (!slice_present(flow->ticket)) return reply_way(rq, slice_absent());
    cookie_set(rq, LOGOUT_COOKIE, flow->secret, LEAVE_LIFE_MS / 1000);
    return reply_way(
        rq, arena_format(&rq->arena, "/auth/logout?ticket=%.*s", SLICE_ARG(flow->ticket)));
}

enum step sign_out_leave(struct req *rq)
{
    const struct api_worker *worker = req_worker(rq);
    struct auth_leave *flow = req_state(rq, struct auth_leave);
    struct slice ticket = req_parameter(rq, SLICE("ticket"));
    if (cookie_find(rq, LOGOUT_COOKIE, &flow->secret) != 1 || !own_navigation(rq)) {
        return req_fail_page(rq, ERR_BAD_SIGN_OUT, slice_absent(), slice_absent());
    }
    flow->op.owner = rq;
    flow->arena = &rq->arena;
    flow->ticket = ticket;
    auth_leave_start(worker->api->auth, worker->loop, flow, req_op_done);
    return req_await(rq, left);
}

static enum step left(struct req *rq)
{
    const struct auth_leave *flow = rq->state;
    if (flow->op.err) return req_fail_page(rq, flow->op.err, slice_absent(), slice_absent());
    cookie_clear(rq, LOGOUT_COOKIE);
    return req_redirect(rq, flow->url);
}

/* --- /auth/backchannel-logout --- */

struct ending {
    struct auth_logout_token flow;
    struct store_session_end end;
};

struct rate_limit *sign_out_rate(const struct config *config)
{
    if (config->logout_rate == 0) return NULL;
    return rate_limit_new(config->logout_rate, BURST_SECONDS * config->logout_rate);
}

/* Anybody may send a token, and each costs a look at a signature. */
static bool within_rate(const struct req *rq)
{
    struct rate_limit *limit = req_worker(rq)->api->logout_rate;
    return !limit || rate_limit_spend(limit, rq->connection->network, clock_mono_us());
}

/* What is announced as too large is not even read. */
enum step backchannel_logout(struct req *rq)
{
    uint64_t length = 0;
    if (!within_rate(rq)) return req_fail(rq, ERR_RATE_LIMITED);
    struct slice type = req_field(rq, SLICE("Content-Type"), NULL);
    (void)slice_to_u64(req_field(rq, SLICE("Content-Length"), NULL), UINT64_MAX, &length);
    if (length > FORM_MAX) return req_fail(rq, ERR_TOO_LARGE);
    if (!media_type_is(type, SLICE("application/x-www-form-urlencoded"))) {
        return req_fail(rq, ERR_UNSUPPORTED_MEDIA_TYPE);
    }
    return req_read_body(rq, announced);
}

static enum step announced(struct req *rq)
{
    const struct api_worker *worker = req_worker(rq);
    struct auth_logout_token *flow = &req_state(rq, struct ending)->flow;
    struct form form;
    if (rq->body.len > FORM_MAX) return req_fail(rq, ERR_TOO_LARGE);
    if (form_parse(&rq->arena, buf_slice(&rq->body), &form)) return req_fail(rq, ERR_MALFORMED);
    flow->token = form_value(&form, SLICE("logout_token"));
    if (!slice_present(flow->token)) return req_fail(rq, ERR_INVALID_LOGOUT_TOKEN);
    flow->op.owner = rq;
    flow->arena = &rq->arena;
    auth_logout_token_start(worker->api->auth, worker->loop, flow, req_op_done);
    return req_await(rq, judged);
}

static enum step judged(struct req *rq)
{
    struct ending *ending = rq->state;
    const struct auth_logout_token *flow = &ending->flow;
    struct store_session_end *end = &ending->end;
    if (flow->op.err) return req_fail(rq, flow->op.err);
    end->base.verb = STORE_SESSION_END;
    end->issuer = flow->issuer;
    end->subject = flow->subject;
    end->sid = flow->sid;
    end->once = true;
    end->token = flow->id;
    end->token_until = flow->expires_at;
    end->entry =
        entry_of(rq, AUDIT_SESSION_ENDED, slice_present(flow->subject) ? flow->subject : flow->sid);
    end->entry.actor.issuer = flow->issuer;
    return req_store(rq, &end->base, ended_all);
}

static enum step refuse_token(struct req *rq, struct slice why)
{
    log_write(LOG_IDENTITY_REFUSED, LOG_TEXT("what", SLICE("logout_token")), LOG_TEXT("why", why));
    return req_fail(rq, ERR_INVALID_LOGOUT_TOKEN);
}

/* An unknown session is no error: the answer must not tell which there are. One that is another person's is the provider's mistake, and it
 * is told so (Back-Channel Logout §2.6). */
static enum step ended_all(struct req *rq)
{
    const struct ending *ending = rq->state;
    const struct store_session_end *end = &ending->end;
    if (end->base.op.err) return req_fail(rq, end->base.op.err);
    if (end->replayed) return refuse_token(rq, SLICE("seen before"));
    if (end->foreign) return refuse_token(rq, SLICE("session_of_another"));
    return req_reply(rq, 200, slice_absent());
}

/* --- DELETE /v1/sessions --- */

enum step sessions_end(struct req *rq)
{
    struct store_session_end *end = req_state(rq, struct store_session_end);
    end->subject = req_parameter(rq, SLICE("subject"));
    end->issuer = req_parameter(rq, SLICE("issuer"));
    if (end->subject.len == 0 || (slice_present(end->issuer) && end->issuer.len == 0)) {
        return req_fail_with(
            rq, ERR_BAD_PARAMETER, SLICE("`subject` must be given; `issuer` must not be empty"));
    }
    end->base.verb = STORE_SESSION_END;
    end->entry = entry_of(rq, AUDIT_SESSIONS_ENDED, end->subject);
    return req_store(rq, &end->base, counted);
}

static enum step counted(struct req *rq)
{
    const struct store_session_end *end = rq->state;
    if (end->base.op.err) return req_fail(rq, end->base.op.err);
    return req_reply_row(rq, 200, rq->route->gives(), end);
}
