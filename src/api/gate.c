/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication, authorization and the checks of a request that need no handler, in this order:
 *   credentials → token (RFC 6750 §2, RFC 9449 §7) or session → permission → query parameters → media types → body
 * so that nobody without a permission learns anything about parameters or bodies. A token in the query or the body is never looked at,
 * and neither is any field in which a caller says who they are.
 *
 * Worker's thread. The check's result lives in the request's arena.
 */
#include "api/gate.h"

#include "api/audit.h"
#include "api/own_url.h"
#include "api/session.h"
#include "api/session_cookie.h"
#include "http/cookie.h"
#include "http/media_type.h"

struct gate {
    struct auth_check check;
};

static step_fn authorize, examine;

static const char *scheme_of(const struct req *rq)
{
    return rq->gate && rq->gate->check.dpop ? "DPoP" : "Bearer";
}

static enum step refuse(struct req *rq, enum err err)
{
    req_reply_field(rq, SLICE("WWW-Authenticate"),
        err == ERR_NO_CREDENTIALS ? SLICE("Bearer")
                                  : arena_format(&rq->arena, "%s error=\"%.*s\"", scheme_of(rq),
                                        SLICE_ARG(err_info(err)->code)));
    return req_fail(rq, err);
}

/* The scheme is compared without case; the token is one run of characters without spaces. */
static enum err read_token(struct slice value, struct auth_check *check)
{
    struct slice scheme = slice_cut(&value, ' ');
    check->dpop = slice_equal_nocase(scheme, SLICE("DPoP"));
    if (!check->dpop && !slice_equal_nocase(scheme, SLICE("Bearer"))) return ERR_NO_CREDENTIALS;
    check->token = slice_trim(value);
    bool one = check->token.len > 0 && !memchr(check->token.ptr, ' ', check->token.len);
    return one ? ERR_OK : ERR_INVALID_TOKEN;
}

static enum step check_token(struct req *rq, struct slice value)
{
    struct gate *gate = arena_alloc(&rq->arena, sizeof(*gate));
    struct auth_check *check = &gate->check;
    rq->gate = gate;
    enum err err = read_token(value, check);
    if (err) return refuse(rq, err);
    if (check->dpop) {
        check->proof = req_field(rq, SLICE("DPoP"), &check->proof_count);
        check->method = rq->method;
        check->url = own_url(rq);
    }
    check->arena = &rq->arena;
    check->request_id = rq->id;
    check->trace_id = rq->trace_id;
    check->op.owner = rq;
    if (auth_check_start(req_worker(rq)->auth, check, req_op_done)) return authorize(rq);
    return req_await(rq, authorize);
}

enum step api_enter(struct req *rq)
{
    size_t fields;
    struct slice cookie, value = slice_trim(req_field(rq, SLICE("Authorization"), &fields));
    bool in_query = slice_present(req_parameter(rq, SLICE("access_token")));
    bool in_cookie = cookie_find(rq, SESSION_COOKIE, &cookie) > 0;
    if (fields + in_query + in_cookie > 1) return refuse(rq, ERR_AMBIGUOUS_CREDENTIALS);
    if (in_cookie) return session_enter(rq, authorize);
    return fields ? check_token(rq, value) : refuse(rq, ERR_NO_CREDENTIALS);
}

/* A session has no token whose scope could be told. */
static enum step forbid(struct req *rq)
{
    struct slice scope = permission_scope((enum permission)rq->route->permission);
    if (!rq->session) {
        req_reply_field(rq, SLICE("WWW-Authenticate"),
            arena_format(&rq->arena, "%s error=\"insufficient_scope\", scope=\"%.*s\"",
                scheme_of(rq), SLICE_ARG(scope)));
    }
    audit_refusal(rq);
    return req_fail(rq, ERR_FORBIDDEN);
}

/* False when the reply has been made. */
static bool token_good(struct req *rq)
{
    const struct auth_check *check = &rq->gate->check;
    if (slice_present(check->nonce)) req_reply_field(rq, SLICE("DPoP-Nonce"), check->nonce);
    if (!check->op.err) {
        rq->identity = &check->identity;
        return true;
    }
    bool refused = err_info(check->op.err)->status == 401;
    return (refused ? refuse(rq, check->op.err) : req_fail(rq, check->op.err)) != STEP_DONE;
}

static enum step authorize(struct req *rq)
{
    if (rq->gate && !token_good(rq)) return STEP_DONE;
    if (!(rq->identity->permissions & (1u << rq->route->permission))) return forbid(rq);
    if (rq->route->staff && rq->identity->is_customer) return forbid(rq);
    return examine(rq);
}

static bool parameter_known(const struct route *route, struct slice name)
{
    for (const char *const *known = route->parameters; known && *known; known++) {
        if (slice_equal(slice_of(*known), name)) return true;
    }
    return false;
}

/* RFC 9110 §12.5.1, without weights other than zero: we have one representation to offer. */
static bool accepts_json(struct slice accept)
{
    static const char *const good[] = {"*/*", "application/*", "application/json"};
    if (!slice_present(accept)) return true;
    while (slice_present(accept)) {
        struct slice range = slice_cut(&accept, ',');
        struct slice media = slice_trim(slice_cut(&range, ';'));
        bool refused = slice_equal(slice_trim(range), SLICE("q=0"));
        for (size_t i = 0; i < ARRAY_LEN(good) && !refused; i++) {
            if (slice_equal_nocase(slice_of(good[i]), media)) return true;
        }
    }
    return false;
}

/* A longer name is not repeated to whoever sent it. */
#define NAME_SHOWN 100

static enum step refuse_parameter(struct req *rq, struct slice name)
{
    if (name.len > NAME_SHOWN) return req_fail(rq, ERR_UNKNOWN_PARAMETER);
    struct slice detail =
        arena_format(&rq->arena, "there is no parameter `%.*s` here", SLICE_ARG(name));
    return req_fail_with(rq, ERR_UNKNOWN_PARAMETER, detail);
}

static enum step examine(struct req *rq)
{
    const struct route *route = rq->route;
    for (size_t i = 0; i < rq->parameter_count; i++) {
        struct slice name = rq->parameters[i].name;
        if (!parameter_known(route, name)) return refuse_parameter(rq, name);
    }
    if (!accepts_json(req_field(rq, SLICE("Accept"), NULL)))
        return req_fail(rq, ERR_NOT_ACCEPTABLE);
    struct slice type = req_field(rq, SLICE("Content-Type"), NULL);
    if (route->takes && !media_type_is(type, SLICE("application/json"))) {
        return req_fail(rq, ERR_UNSUPPORTED_MEDIA_TYPE);
    }
    return req_read_body(rq, route->step);
}
