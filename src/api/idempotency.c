/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key's syntax and scope, and the answers of creates, first or replayed: both are made by the same functions here.
 *
 * Worker's thread. The row itself is written by the store, in the transaction of the write.
 */
#include "api/idempotency.h"

#define KEY_MAX 255

/* The draft asks for an RFC 9651 string (quoted); bare tokens are what most clients send. */
static struct slice unquote(struct slice value)
{
    bool quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
    return quoted ? (struct slice){value.ptr + 1, value.len - 2} : value;
}

static bool key_valid(struct slice key)
{
    if (key.len < 1 || key.len > KEY_MAX) return false;
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && !memchr("_.:-", c, 4)) return false;
    }
    return true;
}

static struct slice query_of(const struct req *rq)
{
    struct slice query = rq->target;
    (void)slice_cut(&query, '?');
    return query;
}

bool req_idempotency_key(struct req *rq, struct store_key *key)
{
    size_t count;
    struct slice text = unquote(req_field(rq, SLICE("Idempotency-Key"), &count));
    *key = (struct store_key){.present = count > 0};
    if (count == 0) return true;
    if (count > 1 || !key_valid(text)) return req_fail(rq, ERR_BAD_IDEMPOTENCY_KEY) != STEP_DONE;
    const struct slice scope[] = {
        rq->identity->issuer, rq->identity->subject, rq->method, rq->path, text};
    const struct slice content[] = {query_of(rq), buf_slice(&rq->body)};
    key->id = digest_parts(scope, ARRAY_LEN(scope));
    key->fingerprint = digest_parts(content, ARRAY_LEN(content));
    return true;
}

void req_created_fields(struct req *rq, struct uuid id)
{
    struct slice path = slice_of(rq->route->path);
    size_t len = path.len + 1 + UUID_TEXT_LEN;
    char *location = arena_alloc(&rq->arena, len);
    memcpy(location, path.ptr, path.len);
    location[path.len] = '/';
    uuid_format(id, location + path.len + 1);
    req_reply_field(rq, SLICE("Location"), (struct slice){location, len});
    req_reply_field(rq, SLICE("ETag"), SLICE("\"1\""));
}

enum step req_replay(struct req *rq, const struct store_replay *replay)
{
    req_created_fields(rq, replay->resource);
    req_reply_field(rq, SLICE("Idempotency-Replayed"), SLICE("true"));
    buf_put(&rq->reply.body, replay->body);
    return req_reply(rq, replay->status, SLICE("application/json"));
}
