/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sign-out's ticket: a JSON object, sealed. A script of our page gets to see the ticket, but not what it holds, and could not use it
 * either: the secret is in a cookie that no script reads. Any thread; texts belong to the arena.
 */
#include "auth/leave.h"

#include "auth/ticket.h"
#include "core/json.h"

/* The address, of which JSON may escape a few characters, the secret and the time. */
#define PLAIN_MAX (LEAVE_URL_MAX + 256)
#define CONTEXT SLICE("sign-out")

void leave_make(struct leave *leave, struct slice url, int64_t now_ms, struct arena *arena)
{
    *leave = (struct leave){
        .url = url,
        .secret = ticket_secret(arena),
        .expires_at = now_ms + LEAVE_LIFE_MS,
    };
}

struct slice leave_seal(const struct leave *leave, const struct seal *seal, struct arena *arena)
{
    CLEANUP(buf_deinit)
    struct buf plain;
    buf_init(&plain, PLAIN_MAX);
    buf_printf(&plain, "{\"expires_at\":%lld,\"secret\":", (long long)leave->expires_at);
    json_put_text(&plain, leave->secret);
    buf_put_text(&plain, ",\"url\":");
    json_put_text(&plain, leave->url);
    buf_put_char(&plain, '}');
    return buf_ok(&plain) ? seal_text(seal, CONTEXT, buf_slice(&plain), arena) : slice_absent();
}

bool leave_open(
    struct leave *leave, const struct seal *seal, struct slice text, struct arena *arena)
{
    const char *fault;
    CLEANUP(buf_deinit)
    struct buf plain;
    buf_init(&plain, PLAIN_MAX);
    if (!seal_open_text(seal, CONTEXT, text, &plain)) return false;
    CLEANUP(json_release)
    json_t *members = json_decode(buf_slice(&plain), 1, &fault);
    if (!members) return false;
    *leave = (struct leave){
        .url = arena_copy(arena, json_text(json_object_get(members, "url"))),
        .secret = arena_copy(arena, json_text(json_object_get(members, "secret"))),
        .expires_at = json_integer_value(json_object_get(members, "expires_at")),
    };
    return true;
}
