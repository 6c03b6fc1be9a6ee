/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the scripts that a peer of outbound_peer.h runs.
 */
#pragma once

#include "outbound_peer.h"

static size_t body_length(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");
    return field ? strtoul(field + 17, NULL, 10) : 0;
}

/* Reads one whole request and counts it; false when the connection ends first. */
static bool read_request(struct peer *peer, int fd)
{
    char text[REQUEST_MAX];
    size_t len = 0;
    for (;;) {
        ssize_t part = read(fd, text + len, sizeof(text) - 1 - len);
        if (part <= 0) return false;
        len += (size_t)part;
        text[len] = '\0';
        const char *body = strstr(text, "\r\n\r\n");
        if (body && len >= (size_t)(body + 4 - text) + body_length(text)) break;
    }
    pthread_mutex_lock(&peer->mutex);
    memcpy(peer->last, text, len + 1);
    pthread_mutex_unlock(&peer->mutex);
    peer->requests++;
    return true;
}

static void say(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Closing then sends a reset. */
static void reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void wait_for_end(int fd)
{
    char byte;
    while (read(fd, &byte, 1) > 0) continue;
}
