/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets. Called once per listener at boot, from the main thread.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"
#include "obs/log.h"

/* The kernel cuts this at net.core.somaxconn. */
#define BACKLOG 4096

static void free_addresses(struct addrinfo **list)
{
    if (*list) freeaddrinfo(*list);
}

/* Splits "HOST:PORT" or "[V6]:PORT" at its last colon. The port is judged here: getaddrinfo(3) takes 99999 for 34463. */
static bool split(struct slice address, char *host, size_t host_size, const char **port)
{
    uint64_t number;
    size_t colon = address.len;
    while (colon > 0 && address.ptr[colon - 1] != ':') colon--;
    if (colon < 2) return false;
    struct slice name = {address.ptr, colon - 1};
    if (name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        name = (struct slice){name.ptr + 1, name.len - 2};
    *port = address.ptr + colon;
    return snprintf(host, host_size, "%.*s", SLICE_ARG(name)) < (int)host_size &&
           slice_to_u64(slice_of(*port), UINT16_MAX, &number);
}

static int try_listen(const struct addrinfo *at, bool shared)
{
    int on = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (fd < 0) return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (shared) (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static int failed(const char *address, const char *why)
{
    log_write(
        LOG_SERVICE_FAILED, LOG_TEXT("listen", slice_of(address)), LOG_TEXT("why", slice_of(why)));
    return -1;
}

int http_listen(const char *address, bool shared)
{
    char host[256];
    const char *port;
    CLEANUP(free_addresses)
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    if (!split(slice_of(address), host, sizeof(host), &port))
        return failed(address, "not ADDRESS:PORT");
    int code = getaddrinfo(host, port, &hints, &found);
    if (code) return failed(address, gai_strerror(code));
    int fd = try_listen(found, shared);
    return fd >= 0 ? fd : failed(address, strerror(errno));
}
