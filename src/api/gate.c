/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication, authorization and the checks of a request that need no handler, in this order:
 *   credentials (RFC 6750 §2, §3) → token → permission → query parameters → media types → body
 * so that nobody without a permission learns anything about parameters or bodies. A token in the query or the body is never looked at.
 *
 * Worker's thread. The check's result lives in the request's arena.
 */
#include "api/gate.h"

struct gate {
    struct auth_check check;
};

static step_fn authorize, examine;

static enum step refuse(struct req *rq, enum err err)
{
    req_reply_field(rq, SLICE("WWW-Authenticate"),
        err == ERR_NO_CREDENTIALS
            ? SLICE("Bearer")
            : arena_format(&rq->arena, "Bearer error=\"%.*s\"", SLICE_ARG(err_info(err)->code)));
    return req_fail(rq, err);
}

/* The scheme is compared without case; the token is one run of characters without spaces. */
static enum err find_token(const struct req *rq, struct slice *token)
{
    size_t count;
    struct slice value = slice_trim(req_field(rq, SLICE("Authorization"), &count));
    bool in_query = slice_present(req_parameter(rq, SLICE("access_token")));
    if (count > 1 || (count == 1 && in_query)) return ERR_AMBIGUOUS_CREDENTIALS;
    struct slice scheme = slice_cut(&value, ' ');
    if (!slice_equal_nocase(scheme, SLICE("Bearer"))) return ERR_NO_CREDENTIALS;
    *token = slice_trim(value);
    if (token->len == 0 || memchr(token->ptr, ' ', token->len)) return ERR_INVALID_TOKEN;
    return ERR_OK;
}

enum step api_enter(struct req *rq)
{
    struct gate *gate = arena_alloc(&rq->arena, sizeof(*gate));
    rq->gate = gate;
    enum err err = find_token(rq, &gate->check.token);
    if (err) return refuse(rq, err);
    gate->check.arena = &rq->arena;
    gate->check.op.owner = rq;
    if (auth_check_start(req_worker(rq)->auth, &gate->check, req_op_done)) return authorize(rq);
    return req_await(rq, authorize);
}

static enum step forbid(struct req *rq)
{
    struct slice scope = permission_scope((enum permission)rq->route->permission);
    req_reply_field(rq, SLICE("WWW-Authenticate"),
        arena_format(
            &rq->arena, "Bearer error=\"insufficient_scope\", scope=\"%.*s\"", SLICE_ARG(scope)));
    return req_fail(rq, ERR_FORBIDDEN);
}

static enum step authorize(struct req *rq)
{
    const struct auth_check *check = &rq->gate->check;
    if (check->op.err == ERR_INVALID_TOKEN) return refuse(rq, ERR_INVALID_TOKEN);
    if (check->op.err) return req_fail(rq, check->op.err);
    rq->identity = &check->identity;
    if (!(rq->identity->permissions & (1u << rq->route->permission))) return forbid(rq);
    return examine(rq);
}

static bool parameter_known(const struct route *route, struct slice name)
{
    for (const char *const *known = route->parameters; known && *known; known++) {
        if (slice_equal(slice_of(*known), name)) return true;
    }
    return false;
}

/* "application/json", with at most a charset of utf-8 (RFC 8259 §8.1, §11). */
static bool is_json(struct slice type)
{
    struct slice media = slice_trim(slice_cut(&type, ';'));
    if (!slice_equal_nocase(media, SLICE("application/json"))) return false;
    if (!slice_present(type)) return true;
    type = slice_trim(type);
    return slice_equal_nocase(type, SLICE("charset=utf-8")) ||
           slice_equal_nocase(type, SLICE("charset=\"utf-8\""));
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
    if (route->takes && !is_json(req_field(rq, SLICE("Content-Type"), NULL))) {
        return req_fail(rq, ERR_UNSUPPORTED_MEDIA_TYPE);
    }
    return req_read_body(rq, route->step);
}
