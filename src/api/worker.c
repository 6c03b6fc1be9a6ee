/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker thread: makes its parts, runs its loop until drained, releases its parts.
 *
 *   main: worker_start → … → worker_drain (a job to the loop) → worker_join
 *   loop: parts made → serving → draining → (housekeeping, then the watch at rest) → (refusals written) → loop stopped → parts released
 * When the grace runs out while one of these still waits, the store may still be writing into it: then nothing is released, and the
 * process ends with what it holds.
 */
#include "api/worker.h"

#include <pthread.h>

#include "api/housekeeping.h"
#include "api/refusals.h"
#include "api/routes.h"
#include "api/template_watch.h"
#include "http/server.h"
#include "sms/sms.h"

/* Past the grace the server says itself that requests are left; this long after it, the housekeeping is left too. */
#define OVERDUE_MS 100

struct worker {
    struct api_worker context;
    struct loop *loop;
    int listen_fd;
    struct http_server *server;
    struct housekeeping keeping;
    struct template_watch templates;
    struct refusals refusals;
    struct job drain;
    struct timer overdue;
    int64_t grace_ms;
    bool clean; /* every request was answered in time, and nothing is pending */
    pthread_t thread;
};

static void on_rest(void *context)
{
    struct worker *worker = context;
    worker->clean = true;
    loop_stop(worker->loop);
}

static void on_watched(void *context)
{
    struct worker *worker = context;
    refusals_stop(&worker->refusals, on_rest, worker);
}

static void on_kept(void *context)
{
    struct worker *worker = context;
    template_watch_stop(&worker->templates, on_watched, worker);
}

static void on_overdue(struct timer *timer)
{
    loop_stop(CONTAINER_OF(timer, struct worker, overdue)->loop);
}

static void on_drained(void *context, bool clean)
{
    struct worker *worker = context;
    if (clean) {
        housekeeping_stop(&worker->keeping, on_kept, worker);
    } else {
        loop_stop(worker->loop);
    }
}

static void start_drain(struct job *job)
{
    struct worker *worker = CONTAINER_OF(job, struct worker, drain);
    timer_init(&worker->overdue, on_overdue);
    timer_set(worker->loop, &worker->overdue, worker->grace_ms + OVERDUE_MS);
    http_server_drain(worker->server, worker->grace_ms, on_drained, worker);
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    struct api_worker *context = &worker->context;
    const struct http_server_options options = {
        .table = api_routes(), .app = context, .listen_fd = worker->listen_fd};
    context->loop = worker->loop;
    context->store = store_link_new(context->api->store, worker->loop);
    context->auth = auth_link_new(context->api->auth, worker->loop);
    context->refusals = &worker->refusals;
    context->templates = &worker->templates;
    refusals_init(&worker->refusals, context->store);
    worker->server = http_server_new(worker->loop, &options);
    housekeeping_start(&worker->keeping, worker->loop, context->store, context->api->config);
    template_watch_start(
        &worker->templates, worker->loop, context->store, context->api->composer->texts);
    loop_run(worker->loop);
    if (!worker->clean) return NULL;
    http_server_free(worker->server);
    auth_link_free(context->auth);
    store_link_free(context->store);
    return NULL;
}

struct worker *worker_start(const struct api *api, int listen_fd)
{
    struct worker *worker = memory_zeroed(sizeof(*worker));
    worker->context.api = api;
    worker->loop = loop_new();
    worker->listen_fd = listen_fd;
    worker->drain.run = start_drain;
    check(pthread_create(&worker->thread, NULL, run, worker) == 0);
    return worker;
}

void worker_drain(struct worker *worker, int64_t grace_ms)
{
    worker->grace_ms = grace_ms;
    loop_post(worker->loop, &worker->drain);
}

bool worker_join(struct worker *worker)
{
    check(pthread_join(worker->thread, NULL) == 0);
    bool clean = worker->clean;
    if (!clean) return false;
    loop_free(worker->loop);
    free(worker);
    return true;
}
