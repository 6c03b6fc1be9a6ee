/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines of connections: set at each event, enforced by a sweep once a second.
 *
 * An overdue connection is shut down at the socket; libmicrohttpd then sees its end and releases it in its own order, so nothing here
 * frees anything. Worker's thread.
 */
#include "http/connection.h"

#include <sys/socket.h>

#include "core/clock.h"

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
