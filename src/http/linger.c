/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets that are only read until the client has heard.
 *
 * Closing a socket while bytes come in makes the kernel reset the connection, and the reset can overtake the answer: the client
 * then sees a broken connection where it should see its 413. So a second descriptor keeps the socket open behind libmicrohttpd's
 * back, half closed; what comes is thrown away until the client ends too, LINGER_MS have passed or LINGER_BYTES_MAX have come.
 *
 * Server's loop thread. Limits: LINGERS_MAX at one time; past it connections are closed as they are.
 */
#include "http/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"

#define LINGER_MS 2000
/* A client that was told at the first byte of a large body has this much of it on the way at most. */
#define LINGER_BYTES_MAX (8 * 1024 * 1024)
#define LINGERS_MAX 256
/* Reads of one turn, so that nobody keeps the loop. */
#define READS_MAX 16

struct lingering {
    struct lingers *home;
    struct list node;
    struct watch watch;
    int fd;
    int64_t until_ms;
    size_t bytes;
};

static void end(struct lingering *linger)
{
    watch_clear(&linger->watch);
    list_remove(&linger->node);
    linger->home->count--;
    close(linger->fd);
    free(linger);
}

static void on_readable(struct watch *watch, uint32_t events)
{
    struct lingering *linger = CONTAINER_OF(watch, struct lingering, watch);
    char waste[16384];
    (void)events;
    for (int i = 0; i < READS_MAX; i++) {
        ssize_t got = recv(linger->fd, waste, sizeof(waste), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got > 0) linger->bytes += (size_t)got;
        if (got <= 0 || linger->bytes > LINGER_BYTES_MAX) {
            end(linger);
            return;
        }
    }
}

void lingers_init(struct lingers *lingers, struct loop *loop)
{
    lingers->loop = loop;
    lingers->count = 0;
    list_init(&lingers->sockets);
}

void lingers_add(struct lingers *lingers, int fd)
{
    if (lingers->count == LINGERS_MAX) return;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0) return;
    (void)shutdown(own, SHUT_WR);
    struct lingering *linger = memory_zeroed(sizeof(*linger));
    linger->home = lingers;
    linger->fd = own;
    linger->until_ms = clock_mono_ms() + LINGER_MS;
    list_init(&linger->node);
    list_append(&lingers->sockets, &linger->node);
    lingers->count++;
    watch_init(&linger->watch, lingers->loop, on_readable);
    watch_set(&linger->watch, own, EPOLLIN);
}

void lingers_sweep(struct lingers *lingers)
{
    int64_t now = clock_mono_ms();
    list_for_each_safe (node, &lingers->sockets) {
        struct lingering *linger = CONTAINER_OF(node, struct lingering, node);
        if (linger->until_ms <= now) end(linger);
    }
}

void lingers_deinit(struct lingers *lingers)
{
    list_for_each_safe (node, &lingers->sockets) end(CONTAINER_OF(node, struct lingering, node));
}
