/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of the provider in provider_peer.h.
 */
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provider_peer.h"

static inline bool peer_whole(const struct buf *request)
{
    char *end = memmem(request->ptr, request->len, "\r\n\r\n", 4);
    if (!end) return false;
    *end = '\0';
    const char *field = strcasestr(request->ptr, "\r\nContent-Length:");
    size_t body = field ? strtoul(field + 17, NULL, 10) : 0;
    *end = '\r';
    return request->len >= (size_t)(end - request->ptr) + 4 + body;
}

static inline bool peer_read(int fd, struct buf *request)
{
    while (request->len == 0 || !peer_whole(request)) {
        char *at = buf_reserve(request, 4096);
        ssize_t len = at ? read(fd, at, 4096) : -1;
        if (len <= 0) return false;
        buf_added(request, (size_t)len);
    }
    return true;
}

static inline enum peer_path peer_path_of(const struct buf *request)
{
    struct slice rest = buf_slice(request);
    slice_cut(&rest, ' ');
    struct slice target = slice_cut(&rest, ' ');
    for (enum peer_path path = 0; path < PEER_PATH_COUNT; path++) {
        if (slice_equal(target, slice_of(peer_paths[path]))) return path;
    }
    check(false); /* the metadata names no other */
    return PEER_PATH_COUNT;
}

static inline void peer_answer(struct peer *peer, int fd, const struct buf *request)
{
    struct buf answer;
    enum peer_path path = peer_path_of(request);
    buf_init(&answer, 2 * PEER_TEXT_MAX);
    pthread_mutex_lock(&peer->mutex);
    buf_reset(&peer->at[path].request);
    buf_put(&peer->at[path].request, buf_slice(request));
    peer->at[path].count++;
    buf_printf(&answer, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
        peer->at[path].head, peer->at[path].body.len);
    buf_put(&answer, buf_slice(&peer->at[path].body));
    pthread_cond_broadcast(&peer->asked);
    pthread_mutex_unlock(&peer->mutex);
    (void)!send(fd, answer.ptr, answer.len, MSG_NOSIGNAL);
    buf_deinit(&answer);
}

static inline void *peer_run(void *argument)
{
    struct peer *peer = argument;
    struct buf request;
    buf_init(&request, PEER_TEXT_MAX);
    for (;;) {
        int fd = accept(peer->fd, NULL, NULL);
        if (fd < 0) break;
        buf_reset(&request);
        if (peer_read(fd, &request)) peer_answer(peer, fd, &request);
        shutdown(fd, SHUT_WR);
        close(fd);
    }
    buf_deinit(&request);
    return NULL;
}

static inline struct peer *peer_start(void)
{
    struct peer *peer = memory_zeroed(sizeof(*peer));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    check(pthread_mutex_init(&peer->mutex, NULL) == 0);
    check(pthread_cond_init(&peer->asked, NULL) == 0);
    for (enum peer_path path = 0; path < PEER_PATH_COUNT; path++) {
        buf_init(&peer->at[path].body, PEER_TEXT_MAX);
        buf_init(&peer->at[path].request, PEER_TEXT_MAX);
    }
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(bind(peer->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    check(getsockname(peer->fd, (struct sockaddr *)&address, &len) == 0);
    check(listen(peer->fd, 64) == 0);
    snprintf(peer->url, sizeof(peer->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    return peer;
}

/* Once what it says at first is set. */
static inline void peer_serve(struct peer *peer)
{
    check(pthread_create(&peer->thread, NULL, peer_run, peer) == 0);
}

static inline void peer_stop(struct peer *peer)
{
    shutdown(peer->fd, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->fd);
    for (enum peer_path path = 0; path < PEER_PATH_COUNT; path++) {
        buf_deinit(&peer->at[path].body);
        buf_deinit(&peer->at[path].request);
    }
    pthread_cond_destroy(&peer->asked);
    pthread_mutex_destroy(&peer->mutex);
    free(peer);
}
