/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker thread: makes its parts, runs its loop until drained, releases its parts.
 *
 *   main: worker_start → … → worker_drain (a job to the loop) → worker_join
 *   loop: parts made → serving → draining (no connections left, or the grace is over) → loop stopped → parts released
 */
#include "api/worker.h"

#include <pthread.h>

#include "api/routes.h"
#include "http/server.h"

struct worker {
    struct api_worker context;
    struct loop *loop;
    int listen_fd;
    struct http_server *server;
    struct job drain;
    int64_t grace_ms;
    pthread_t thread;
};

static void on_drained(void *context)
{
    struct worker *worker = context;
    loop_stop(worker->loop);
}

static void start_drain(struct job *job)
{
    struct worker *worker = CONTAINER_OF(job, struct worker, drain);
    http_server_drain(worker->server, worker->grace_ms, on_drained, worker);
}

static void *run(void *context)
{
    struct worker *worker = context;
    const struct http_server_options options = {
        .table = api_routes(), .app = &worker->context, .listen_fd = worker->listen_fd};
    worker->context.store = store_link_new(worker->context.api->store, worker->loop);
    worker->context.auth = auth_link_new(worker->context.api->auth, worker->loop);
    worker->server = http_server_new(worker->loop, &options);
    loop_run(worker->loop);
    http_server_free(worker->server);
    auth_link_free(worker->context.auth);
    store_link_free(worker->context.store);
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

void worker_join(struct worker *worker)
{
    check(pthread_join(worker->thread, NULL) == 0);
    loop_free(worker->loop);
    free(worker);
}
