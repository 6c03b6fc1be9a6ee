/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow of a request that shows a session's cookie. Nothing is kept between requests: a session that has ended in the store, by
 * whichever copy of the service, is over with the next request.
 *
 *   find ──→ fresh, and seen lately ──────────────────────────────────────────→ enter
 *    ↑ │───→ fresh, not seen for a while: touch ──────────────────────────────→ enter
 *    │ │───→ stale, no refresh token: end ────────────────────────────────────→ 401
 *    │ └───→ stale: ask for the lease ─ got ─→ refresh ─→ keep ───────────────→ enter
 *    │                 │                          │ the provider ended it: end → 401
 *    │                 │ another has it           │ the provider is away
 *    │                 ↓                          ↓
 *    │             within the grace: enter; past it                           → 503
 *    └──── pause ──────┘ (as long as another may still bring new tokens)
 *
 * One lease for all copies of the service makes a rotated refresh token be used once (RFC 9700 §4.14). The lease of a refresh that
 * failed is left to run out, so that a provider in trouble is asked every LEASE_MS and not by every request.
 *
 * Worker's thread; everything lives in the request's arena.
 */
#include "api/session.h"

#include "api/audit.h"
#include "api/own_url.h"
#include "api/session_cookie.h"
#include "core/clock.h"
#include "http/cookie.h"

/* Longer than any refresh takes (10 s for a call of the provider), and the pace of further tries. */
#define LEASE_MS 20000
/* How long the rights of tokens count that could not be refreshed. */
#define GRACE_MS (5 * 60 * 1000)
/* Past the grace, a request waits this long for another's refresh. */
#define PAUSE_MS 100
#define PAUSES_MAX 30
/* New tokens are worth another try: the provider may not give them twice. */
#define KEEP_TRIES 3

static step_fn find, found, touched, leased, refreshed, keep, kept, ended;

enum step session_refuse(struct req *rq, enum err err)
{
    struct slice cookie;
    if (cookie_find(rq, SESSION_COOKIE, &cookie)) session_cookie_clear(rq);
    if (err_info(err)->status == 401)
        req_reply_field(rq, SLICE("WWW-Authenticate"), SLICE("Bearer"));
    return req_fail(rq, err);
}

enum step session_enter(struct req *rq, step_fn *next)
{
    struct session_check *session = arena_alloc(&rq->arena, sizeof(*session));
    enum err err = session_cookie_read(rq, &session->get.id);
    if (err) return session_refuse(rq, err == ERR_NO_CREDENTIALS ? ERR_NO_SESSION : err);
    if (!own_page(rq)) return req_fail(rq, ERR_CROSS_SITE);
    session->next = next;
    rq->session = session;
    return find(rq);
}

static int64_t idle_ms(const struct req *rq)
{
    return req_worker(rq)->api->config->session_idle * 1000;
}

static enum step find(struct req *rq)
{
    struct store_session_get *get = &rq->session->get;
    get->base.verb = STORE_SESSION_GET;
    get->now = clock_wall_ms();
    get->idle_ms = idle_ms(rq);
    return req_store(rq, &get->base, found);
}

static enum step enter(struct req *rq)
{
    struct session_check *session = rq->session;
    const struct session *row = &session->get.row;
    session->identity = (struct identity){
        .issuer = row->issuer,
        .subject = row->subject,
        .client_id = row->client_id,
        .permissions = (permission_set)row->permissions,
        .is_customer = row->is_customer,
        .customer_code = row->customer_code,
        .expires_at = row->expires_at,
    };
    rq->identity = &session->identity;
    return session->next(rq);
}

/* Once a minute is enough to tell who is idle; with a short limit, more often. */
static int64_t seen_ms(const struct req *rq)
{
    int64_t quarter = idle_ms(rq) / 4;
    return quarter < 60000 ? quarter : 60000;
}

static enum step touch(struct req *rq, int64_t lease_ms, step_fn *next)
{
    struct session_check *session = rq->session;
    struct store_session_touch *op = &session->touch;
    op->base.verb = STORE_SESSION_TOUCH;
    op->id = session->get.id;
    op->now = clock_wall_ms();
    op->lease_until = lease_ms ? op->now + lease_ms : 0;
    return req_store(rq, &op->base, next);
}

static enum step end(struct req *rq)
{
    struct session_check *session = rq->session;
    const struct session *row = &session->get.row;
    session->end = (struct store_session_end){
        .base.verb = STORE_SESSION_END,
        .by_id = true,
        .id = session->get.id,
        .entry = {uuid_new(), clock_wall_ms(), req_actor(rq), AUDIT_SESSION_ENDED, row->subject},
    };
    session->end.entry.actor.issuer = row->issuer;
    session->end.entry.actor.subject = row->subject;
    session->end.entry.actor.client_id = row->client_id;
    return req_store(rq, &session->end.base, ended);
}

static enum step found(struct req *rq)
{
    const struct store_session_get *get = &rq->session->get;
    if (get->base.op.err == ERR_NOT_FOUND) return session_refuse(rq, ERR_NO_SESSION);
    if (get->base.op.err) return req_fail(rq, get->base.op.err);
    if (get->now >= get->row.refresh_at) {
        return get->row.refreshable ? touch(rq, LEASE_MS, leased) : end(rq);
    }
    if (get->now - get->row.seen_at < seen_ms(rq)) return enter(rq);
    return touch(rq, 0, touched);
}

/* Whether the store took the note or not, the session was there. */
static enum step touched(struct req *rq)
{
    return enter(rq);
}

/* Whatever became of the row, its tokens are worth nothing, and its cookie opens nothing any more. */
static enum step ended(struct req *rq)
{
    return session_refuse(rq, ERR_NO_SESSION);
}

static bool within_grace(const struct req *rq)
{
    return clock_wall_ms() < rq->session->get.row.refresh_at + GRACE_MS;
}

static void on_pause_over(struct timer *timer)
{
    op_complete(&CONTAINER_OF(timer, struct session_check, timer)->pause, ERR_OK);
}

static enum step pause_then(struct req *rq, step_fn *next)
{
    struct session_check *session = rq->session;
    struct loop *loop = req_worker(rq)->loop;
    session->pause.owner = rq;
    op_start(&session->pause, loop, req_op_done);
    timer_init(&session->timer, on_pause_over);
    timer_set(loop, &session->timer, PAUSE_MS);
    return req_await(rq, next);
}

static enum step refresh(struct req *rq)
{
    const struct api_worker *worker = req_worker(rq);
    struct session_check *session = rq->session;
    struct auth_refresh *flow = &session->refresh;
    const struct session *row = &session->get.row;
    flow->op.owner = rq;
    flow->arena = &rq->arena;
    flow->issuer = row->issuer;
    flow->subject = row->subject;
    flow->tokens = row->tokens;
    auth_refresh_start(worker->api->auth, worker->loop, flow, req_op_done);
    return req_await(rq, refreshed);
}

static enum step leased(struct req *rq)
{
    struct session_check *session = rq->session;
    enum err err = session->touch.base.op.err;
    if (!err && session->touch.leased) return refresh(rq);
    if (within_grace(rq)) return enter(rq);
    if (err) return req_fail(rq, err);
    return session->pauses++ < PAUSES_MAX ? pause_then(rq, find) : req_fail(rq, ERR_UNAVAILABLE);
}

static void renew(struct session *row, const struct auth_grant *grant)
{
    row->tokens = grant->tokens;
    row->permissions = grant->identity.permissions;
    row->is_customer = grant->identity.is_customer;
    row->customer_code = grant->identity.customer_code;
    row->refresh_at = grant->identity.expires_at;
    row->refreshable = grant->refreshable;
    if (slice_present(grant->name)) row->name = grant->name;
    if (slice_present(grant->sid)) row->sid = grant->sid;
}

static enum step keep(struct req *rq)
{
    struct store_session_refresh *op = &rq->session->keep;
    op->base.verb = STORE_SESSION_REFRESH;
    op->row = rq->session->get.row;
    op->row.id = rq->session->get.id;
    return req_store(rq, &op->base, kept);
}

static enum step refreshed(struct req *rq)
{
    struct session_check *session = rq->session;
    enum err err = session->refresh.op.err;
    if (err == ERR_NO_SESSION) return end(rq);
    if (err) return within_grace(rq) ? enter(rq) : req_fail(rq, ERR_UNAVAILABLE);
    renew(&session->get.row, &session->refresh.grant);
    return keep(rq);
}

static enum step kept(struct req *rq)
{
    struct session_check *session = rq->session;
    enum err err = session->keep.base.op.err;
    if (err == ERR_NOT_FOUND) return session_refuse(rq, ERR_NO_SESSION);
    if (err) return ++session->tries < KEEP_TRIES ? pause_then(rq, keep) : req_fail(rq, err);
    return enter(rq);
}
