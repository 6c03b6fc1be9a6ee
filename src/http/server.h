/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP listener on a loop: one libmicrohttpd daemon in external epoll mode, its connections, and the pool of requests.
 *
 * Every worker has one for the API, all on the same port (SO_REUSEPORT: the kernel spreads connections); the main thread has one for
 * the admin routes. Everything runs on the loop's thread.
 */
#pragma once

#include "core/list.h"
#include "http/route.h"
#include "net/loop.h"

struct http_server;
struct req;

struct http_server_options {
    const struct route_table *table;
    void *app;          /* handed to every request */
    int listen_fd;      /* from http_listen(); the server closes it */
    bool plain_metrics; /* requests are not counted in the metrics (admin) */
};

/* A listening socket for "ADDRESS:PORT" (IPv6 in brackets). With `shared`, others may listen on the same port. -1 with the reason
 * logged. */
int http_listen(const char *address, bool shared);

struct http_server *http_server_new(struct loop *loop, const struct http_server_options *options);
/* Accepts nothing more; answers what has been accepted; asks clients to go (Connection: close). `drained` is called once: with
 * `clean` when no connection is left, without it when some still wait after `grace_ms`. */
typedef void drained_fn(void *context, bool clean);
void http_server_drain(
    struct http_server *server, int64_t grace_ms, drained_fn *drained, void *context);
void http_server_free(struct http_server *server);

/* For request.c. */
struct list *http_server_pool(struct http_server *server);
void http_server_resume(struct req *rq);
