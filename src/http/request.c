/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow of one request through its steps (the diagram stands in request.h).
 *
 * Called by the server (MHD's callbacks) and by operations that complete; both on the worker's thread. A request keeps its arena's
 * first block and its buffers from use to use, so a steady request takes nothing from malloc.
 */
#include "http/request.h"

#include "core/clock.h"
#include "core/uuid.h"
#include "http/server.h"
#include "obs/log.h"

/* Larger buffers are given back after their request. */
#define KEPT_BUFFER_MAX 65536

struct req *req_new(struct http_server *server, struct slice target)
{
    struct list *pooled = list_take(http_server_pool(server));
    struct req *rq = pooled ? CONTAINER_OF(pooled, struct req, pool) : memory_zeroed(sizeof(*rq));
    if (!pooled) {
        list_init(&rq->pool);
        arena_init(&rq->arena, HTTP_ARENA_MAX);
        buf_init(&rq->body, HTTP_BODY_MAX);
        buf_init(&rq->reply.body, HTTP_REPLY_MAX);
    }
    rq->server = server;
    rq->target = arena_copy(&rq->arena, target);
    rq->started_us = clock_mono_us();
    char *id = arena_alloc(&rq->arena, UUID_TEXT_LEN);
    uuid_format(uuid_new(), id);
    rq->id = (struct slice){id, UUID_TEXT_LEN};
    return rq;
}

static void recycle_buffer(struct buf *buf)
{
    if (buf->cap > KEPT_BUFFER_MAX) buf_deinit(buf);
    buf_reset(buf);
}

void req_recycle(struct req *rq)
{
    struct req empty = {.arena = rq->arena, .body = rq->body, .reply.body = rq->reply.body};
    arena_reset(&empty.arena);
    recycle_buffer(&empty.body);
    recycle_buffer(&empty.reply.body);
    struct list *pool = http_server_pool(rq->server);
    *rq = empty;
    list_init(&rq->pool);
    list_append(pool, &rq->pool);
}

void req_free(struct req *rq)
{
    arena_deinit(&rq->arena);
    buf_deinit(&rq->body);
    buf_deinit(&rq->reply.body);
    free(rq);
}

struct slice req_field(const struct req *rq, struct slice name, size_t *count)
{
    struct slice found = slice_absent();
    size_t seen = 0;
    for (size_t i = 0; i < rq->field_count; i++) {
        if (!slice_equal_nocase(rq->fields[i].name, name)) continue;
        if (seen++ == 0) found = rq->fields[i].value;
    }
    if (count) *count = seen;
    return found;
}

struct slice req_parameter(const struct req *rq, struct slice name)
{
    for (size_t i = 0; i < rq->parameter_count; i++) {
        if (slice_equal(rq->parameters[i].name, name)) return rq->parameters[i].value;
    }
    return slice_absent();
}

void *req_state_sized(struct req *rq, size_t size)
{
    if (!rq->state) rq->state = arena_alloc(&rq->arena, size);
    return rq->state;
}

/* Runs steps until one waits. The arena's mark ends the request here, between two steps. */
void req_drive(struct req *rq)
{
    step_fn *step = rq->next;
    check(step && rq->phase != REQ_REPLY);
    log_set_request(rq->id, rq->trace_id);
    if (arena_over(&rq->arena)) {
        (void)req_fail(rq, ERR_TOO_LARGE);
    } else if (step(rq) == STEP_DONE) {
        check(rq->phase == REQ_REPLY);
    }
    log_set_request(slice_absent(), slice_absent());
}

enum step req_read_body(struct req *rq, step_fn *next)
{
    if (rq->body_ended) return next(rq);
    rq->phase = REQ_BODY;
    rq->next = next;
    return STEP_WAIT;
}

enum step req_await(struct req *rq, step_fn *next)
{
    rq->phase = REQ_WAITING;
    rq->next = next;
    return STEP_WAIT;
}

void req_op_done(struct op *op)
{
    struct req *rq = op->owner;
    rq->phase = REQ_ENTER;
    req_drive(rq);
    if (rq->phase != REQ_WAITING) http_server_resume(rq);
}

void req_reply_field(struct req *rq, struct slice name, struct slice value)
{
    check(rq->reply.field_count < REPLY_FIELDS_MAX);
    for (size_t i = 0; i < value.len; i++) {
        check(value.ptr[i] != '\r' && value.ptr[i] != '\n' && value.ptr[i] != '\0');
    }
    rq->reply.fields[rq->reply.field_count++] = (struct field){name, value};
}

enum step req_reply(struct req *rq, int status, struct slice media_type)
{
    if (!buf_ok(&rq->reply.body)) {
        buf_reset(&rq->reply.body);
        return req_fail(rq, ERR_INTERNAL);
    }
    rq->reply.status = status;
    rq->reply.media_type = media_type;
    rq->phase = REQ_REPLY;
    return STEP_DONE;
}
