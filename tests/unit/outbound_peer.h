/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer on the loopback interface for the tests of outbound calls, which misbehaves as told.
 *
 * Each connection has a thread of its own, on which a script reads requests and answers; the end of the script closes the connection.
 */
#pragma once

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/check.h"

#define CONNECTIONS_MAX 16
#define REQUEST_MAX 65536

struct peer;
typedef void script_fn(struct peer *peer, int fd);

struct peer {
    int fd;
    unsigned port;
    script_fn *script;
    pthread_t acceptor, threads[CONNECTIONS_MAX];
    atomic_uint connections, requests;
    pthread_mutex_t mutex;
    char last[REQUEST_MAX]; /* the last whole request */
    const char *answer;
};

struct visit {
    struct peer *peer;
    int fd;
};

static void *serve(void *argument)
{
    struct visit *visit = argument;
    visit->peer->script(visit->peer, visit->fd);
    close(visit->fd);
    free(visit);
    return NULL;
}

static void *accept_all(void *argument)
{
    struct peer *peer = argument;
    for (;;) {
        int fd = accept(peer->fd, NULL, NULL);
        if (fd < 0) return NULL;
        struct visit *visit = memory_zeroed(sizeof(*visit));
        *visit = (struct visit){peer, fd};
        check(peer->connections < CONNECTIONS_MAX);
        pthread_t *thread = &peer->threads[peer->connections++];
        check(pthread_create(thread, NULL, serve, visit) == 0);
    }
}

static struct peer *peer_start(script_fn *script)
{
    struct peer *peer = memory_zeroed(sizeof(*peer));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    peer->script = script;
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(pthread_mutex_init(&peer->mutex, NULL) == 0);
    check(bind(peer->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    check(getsockname(peer->fd, (struct sockaddr *)&address, &len) == 0);
    peer->port = ntohs(address.sin_port);
    if (script) {
        check(listen(peer->fd, 64) == 0);
        check(pthread_create(&peer->acceptor, NULL, accept_all, peer) == 0);
    }
    return peer;
}

/* All connections must have been closed by the other side, or be about to end by their script. */
static void peer_stop(struct peer *peer)
{
    if (peer->script) {
        shutdown(peer->fd, SHUT_RDWR);
        pthread_join(peer->acceptor, NULL);
    }
    for (unsigned i = 0; i < peer->connections; i++) pthread_join(peer->threads[i], NULL);
    close(peer->fd);
    pthread_mutex_destroy(&peer->mutex);
    free(peer);
}
