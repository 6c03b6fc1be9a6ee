/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API's own context: what handlers reach through their request.
 *
 * `struct api` is made at boot and read-only afterwards; every worker has one `struct api_worker` with its links. Both outlive all
 * requests.
 */
#pragma once

#include "auth/auth.h"
#include "core/config.h"
#include "http/request.h"
#include "sms/number.h"
#include "store/store.h"

struct docs;
struct rate_limit;
struct sms;
struct sms_composer;
struct template_watch;

struct api {
    const struct config *config;
    struct store *store;
    struct auth *auth;
    struct rate_limit *logout_rate; /* NULL: none */
    struct rate_limit *callback_rate;
    struct sms *sms;
    const struct sms_composer *composer;
    const struct docs *docs;
    enum number_reach numbers; /* whose numbers customers may have */
};

struct refusals;

struct api_worker {
    const struct api *api;
    struct loop *loop;
    struct store_link *store;
    struct auth_link *auth;
    struct refusals *refusals;
    struct template_watch *templates;
};

static inline const struct api_worker *req_worker(const struct req *rq)
{
    return rq->app;
}

/* Submits an operation of the store and goes on with `next` when it is complete. Verb and inputs are set. */
static inline enum step req_store(struct req *rq, struct store_op *op, step_fn *next)
{
    op->arena = &rq->arena;
    op->op.owner = rq;
    store_submit(req_worker(rq)->store, op, req_op_done);
    return req_await(rq, next);
}
