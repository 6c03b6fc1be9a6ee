/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request without a server around it: what the functions need that only look at a request and fill its reply.
 */
#pragma once

#include "http/request.h"

static void request_init(struct req *rq)
{
    *rq = (struct req){.phase = REQ_ENTER, .id = SLICE("01890000-0000-7000-8000-000000000000")};
    arena_init(&rq->arena, HTTP_ARENA_MAX);
    buf_init(&rq->body, HTTP_BODY_MAX);
    buf_init(&rq->reply.body, HTTP_REPLY_MAX);
}

static void request_deinit(struct req *rq)
{
    arena_deinit(&rq->arena);
    buf_deinit(&rq->body);
    buf_deinit(&rq->reply.body);
}
