/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and deadlines of connections. A deadline is set at each event, enforced by a sweep once a second.
 *
 * An overdue connection is shut down at the socket; libmicrohttpd then sees its end and releases it in its own order, so nothing here
 * frees anything. Worker's thread.
 */
#include "http/connection.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "core/clock.h"

/* `address`: of the family, in network order; the first `significant` bytes of it are the network. */
static void note(
    struct http_connection *connection, int family, const void *address, size_t significant)
{
    const uint8_t *bytes = address;
    (void)inet_ntop(family, address, connection->address, sizeof(connection->address));
    for (size_t i = 0; i < significant; i++) {
        connection->network = connection->network << 8 | bytes[i];
    }
}

void connection_from(struct http_connection *connection, const struct sockaddr *peer)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)peer;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)peer;
    if (peer->sa_family == AF_INET) {
        note(connection, AF_INET, &v4->sin_addr, 4);
    } else if (peer->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        note(connection, AF_INET, v6->sin6_addr.s6_addr + 12, 4);
    } else if (peer->sa_family == AF_INET6) {
        note(connection, AF_INET6, &v6->sin6_addr, 8);
    }
}

void connection_expect(struct http_connection *connection, int64_t now_ms, int64_t delay_ms)
{
    connection->deadline_ms = delay_ms ? now_ms + delay_ms : 0;
}

void connections_sweep(struct list *connections)
{
    int64_t now = clock_mono_ms();
    list_for_each (node, connections) {
        struct http_connection *connection = CONTAINER_OF(node, struct http_connection, node);
        if (connection->deadline_ms == 0 || connection->deadline_ms > now) continue;
        connection->deadline_ms = 0;
        (void)shutdown(connection->fd, SHUT_RDWR);
    }
}
