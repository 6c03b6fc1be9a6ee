/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log in the API: the actor of a request, refusals of administration, and the list. Worker's thread.
 *
 * The address is that of the connection's other end; behind a proxy it is the proxy's. What a client says in Forwarded or X-Forwarded-For
 * anybody may say, so it is not looked at.
 */
#include "api/audit.h"

#include "api/list.h"
#include "api/refusals.h"
#include "core/clock.h"
#include "http/connection.h"

/* What a refused request asked for is kept up to this length: it is the client's, and ends in an index. */
#define PATH_MAX_LEN 255

struct audit_actor req_actor(struct req *rq)
{
    const struct identity *identity = rq->identity;
    struct audit_actor actor = {
        .address = arena_copy(&rq->arena, slice_of(rq->connection->address)),
        .request = rq->id,
    };
    if (!identity) return actor;
    actor.issuer = identity->issuer;
    actor.subject = identity->subject;
    actor.client_id = identity->client_id;
    return actor;
}

void req_audit(struct req *rq, struct store_op *op)
{
    struct audit_actor *actor = arena_alloc(&rq->arena, sizeof(*actor));
    *actor = req_actor(rq);
    op->actor = actor;
    op->audit_id = uuid_new();
}

struct audit_entry req_entry(struct req *rq, enum audit_action action, struct slice record)
{
    return (struct audit_entry){uuid_new(), clock_wall_ms(), req_actor(rq), action, record};
}

static bool is_administration(const struct route *route)
{
    return route->permission == PERMISSION_AUDIT_READ ||
           route->permission == PERMISSION_IMPORTS_WRITE ||
           route->permission == PERMISSION_MESSAGES_WRITE ||
           route->permission == PERMISSION_SESSIONS_WRITE;
}

void audit_refusal(struct req *rq)
{
    if (!is_administration(rq->route)) return;
    struct slice path = rq->path.len <= PATH_MAX_LEN ? rq->path : slice_of(rq->route->path);
    struct audit_actor actor = req_actor(rq);
    (void)refusals_put(req_worker(rq)->refusals, &actor,
        arena_format(&rq->arena, "%.*s %.*s", SLICE_ARG(rq->method), SLICE_ARG(path)));
}

enum step audit_list(struct req *rq)
{
    static const struct list_kind kind = {
        STORE_AUDIT_LIST, sizeof(struct audit_entry), .counts = false};
    return req_list(rq, &kind);
}
