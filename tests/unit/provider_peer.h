/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OpenID provider for the tests of src/auth's flows: a thread that answers by path what the test told it to, one request a connection,
 * and keeps the last request for each path.
 */
#pragma once

#include <pthread.h>
#include <stdio.h>

#include "core/buf.h"
#include "core/check.h"

#define PEER_TEXT_MAX ((size_t)1 << 16)

enum peer_path {
    PEER_METADATA,
    PEER_KEYS,
    PEER_TOKEN,
    PEER_USERINFO,
    PEER_REVOKE,
    PEER_PATH_COUNT
};

static const char *const peer_paths[PEER_PATH_COUNT] = {
    "/.well-known/openid-configuration", "/keys", "/token", "/userinfo", "/revoke"};

struct peer {
    int fd;
    char url[64];
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t asked; /* a request was read */
    struct {
        char head[256]; /* status line and fields */
        struct buf body, request;
        unsigned count; /* of requests */
    } at[PEER_PATH_COUNT];
};

/* `head`: "200 OK\r\nContent-Type: …". */
static inline void peer_set(
    struct peer *peer, enum peer_path path, const char *head, struct slice body)
{
    pthread_mutex_lock(&peer->mutex);
    snprintf(peer->at[path].head, sizeof(peer->at[path].head), "%s", head);
    buf_reset(&peer->at[path].body);
    buf_put(&peer->at[path].body, body);
    pthread_mutex_unlock(&peer->mutex);
}

static inline void peer_set_json(struct peer *peer, enum peer_path path, struct slice body)
{
    peer_set(peer, path, "200 OK\r\nContent-Type: application/json", body);
}

static inline unsigned peer_count(struct peer *peer, enum peer_path path)
{
    pthread_mutex_lock(&peer->mutex);
    unsigned count = peer->at[path].count;
    pthread_mutex_unlock(&peer->mutex);
    return count;
}

static inline void peer_await(struct peer *peer, enum peer_path path, unsigned count)
{
    pthread_mutex_lock(&peer->mutex);
    while (peer->at[path].count < count) pthread_cond_wait(&peer->asked, &peer->mutex);
    pthread_mutex_unlock(&peer->mutex);
}

/* True when the last request for the path has this text in it. */
static inline bool peer_was_told(struct peer *peer, enum peer_path path, const char *text)
{
    pthread_mutex_lock(&peer->mutex);
    const struct buf *request = &peer->at[path].request;
    bool told = memmem(request->ptr, request->len, text, strlen(text)) != NULL;
    pthread_mutex_unlock(&peer->mutex);
    return told;
}
