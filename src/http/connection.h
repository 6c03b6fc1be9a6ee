/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client connection: whose it is, and its deadline.
 *
 * libmicrohttpd's own timeout is pushed back by every byte, which a slow client can feed for ever. So each connection has a deadline of
 * ours: head within HTTP_HEAD_MS of its first line (or of the accept), body chunks no further apart than HTTP_BODY_STALL_MS, idle
 * for HTTP_IDLE_MS; none while the service itself is at work.
 */
#pragma once

#include <netinet/in.h>

#include "core/list.h"
#include "core/slice.h"

struct http_connection {
    struct list node;
    int fd;
    char address[INET6_ADDRSTRLEN]; /* of the other end */
    /* What limits are kept by: the IPv4 address, or the first half of the IPv6 address, for one customer of a network has all of the second.
     * No IPv6 network that is in use begins with 32 zero bits, so the two never meet. */
    uint64_t network;
    int64_t deadline_ms; /* monotonic; 0: none */
    bool busy;           /* a request has begun and has not been answered whole */
    bool lingers;        /* refused while it may still be sending: see http/linger.h */
};

/* Notes the other end's IP address, as text without the port, and its network; an IPv4 address on an IPv6 socket as IPv4. */
void connection_from(struct http_connection *connection, const struct sockaddr *peer);
/* Moves the deadline to `delay_ms` after `now_ms`; a delay of 0 removes it. */
void connection_expect(struct http_connection *connection, int64_t now_ms, int64_t delay_ms);
/* Ends every connection in the list whose deadline has passed. */
void connections_sweep(struct list *connections);
