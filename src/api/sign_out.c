/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three ways out. In each the session is gone from the store before anything else happens or is answered.
 *
 *   /auth/logout              sign_out → looked_up → ended_own → way_known: where the browser is to go
 *   /auth/backchannel-logout  backchannel_logout → (body) → announced → judged → ended_all
 *   DELETE /v1/sessions       (gate) → sessions_end → counted
 *
 * A logout without a live session is none: it clears the cookie and answers alike, so that nobody learns whether there was one. Our
 * cookie is SameSite=Lax and every logout needs own_page(), so no other site can sign anybody out; a GET never does.
 *
 * Worker's thread; everything lives in the request's arena.
 */
#include "api/sign_out.h"

#include "api/audit.h"
#include "api/own_url.h"
#include "api/session_cookie.h"
#include "auth/flows.h"
#include "core/clock.h"
#include "core/json.h"
#include "http/form.h"
#include "http/media_type.h"
#include "obs/log.h"
#include "store/session.h"

/* A logout token has 8 KiB at most; the rest is for what else a provider puts into the form. */
#define FORM_MAX 16384

static step_fn looked_up, ended_own, way_known, announced, judged, ended_all, counted;

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
    buf_put_text(&rq->reply.body, "{\"redirect\":");
    json_put_text(&rq->reply.body, slice_present(url) ? url : SLICE("/"));
    buf_put_text(&rq->reply.body, "}\n");
    return req_reply(rq, 200, SLICE("application/json"));
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
    const struct leaving *leaving = rq->state;
    return reply_way(rq, leaving->flow.url);
}

/* --- /auth/backchannel-logout --- */

struct ending {
    struct auth_logout_token flow;
    struct store_session_end end;
};

/* What is announced as too large is not even read. */
enum step backchannel_logout(struct req *rq)
{
    uint64_t length = 0;
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

/* An unknown session is no error: the answer must not tell which there are. */
static enum step ended_all(struct req *rq)
{
    const struct ending *ending = rq->state;
    const struct store_session_end *end = &ending->end;
    if (end->base.op.err) return req_fail(rq, end->base.op.err);
    if (!end->replayed) return req_reply(rq, 200, slice_absent());
    log_write(LOG_IDENTITY_REFUSED, LOG_TEXT("what", SLICE("logout_token")),
        LOG_TEXT("why", SLICE("seen before")));
    return req_fail(rq, ERR_INVALID_LOGOUT_TOKEN);
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
    buf_printf(&rq->reply.body, "{\"ended\":%lld}\n", (long long)end->ended);
    return req_reply(rq, 200, SLICE("application/json"));
}
