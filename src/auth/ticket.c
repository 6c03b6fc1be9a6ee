/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sign-in's cookie: a JSON object, sealed. The server keeps nothing of a sign-in that was only begun, so that beginning many costs
 * nobody anything. Any thread; texts belong to the arena.
 */
#include "auth/ticket.h"

#include "core/digest.h"
#include "core/json.h"
#include "core/random.h"

#define SECRET_LEN 32
#define CONTEXT SLICE("sign-in")

static struct slice base64url(struct slice bytes, struct arena *arena)
{
    struct buf text;
    buf_init(&text, TICKET_MAX);
    buf_put_base64url(&text, bytes);
    struct slice copy = arena_copy(arena, buf_slice(&text));
    buf_deinit(&text);
    return copy;
}

struct slice ticket_secret(struct arena *arena)
{
    char bytes[SECRET_LEN];
    random_fill(bytes, sizeof(bytes));
    return base64url((struct slice){bytes, sizeof(bytes)}, arena);
}

void ticket_make(struct ticket *ticket, size_t issuer, struct slice return_path, int64_t now_ms,
    struct arena *arena)
{
    *ticket = (struct ticket){
        .issuer = issuer,
        .state = ticket_secret(arena),
        .nonce = ticket_secret(arena),
        .verifier = ticket_secret(arena),
        .return_path = return_path,
        .expires_at = now_ms + TICKET_LIFE_MS,
    };
}

static void put_member(struct buf *out, const char *name, struct slice value)
{
    buf_printf(out, ",\"%s\":", name);
    json_put_text(out, value);
}

struct slice ticket_seal(const struct ticket *ticket, const struct seal *seal, struct arena *arena)
{
    CLEANUP(buf_deinit)
    struct buf plain;
    buf_init(&plain, TICKET_MAX);
    buf_printf(&plain, "{\"issuer\":%zu,\"expires_at\":%lld", ticket->issuer,
        (long long)ticket->expires_at);
    put_member(&plain, "state", ticket->state);
    put_member(&plain, "nonce", ticket->nonce);
    put_member(&plain, "verifier", ticket->verifier);
    put_member(&plain, "return_path", ticket->return_path);
    buf_put_char(&plain, '}');
    check(buf_ok(&plain)); /* RETURN_PATH_MAX sees to it */
    return seal_text(seal, CONTEXT, buf_slice(&plain), arena);
}

/* What we sealed ourselves has all members. */
static void read_members(struct ticket *ticket, const json_t *members, struct arena *arena)
{
    *ticket = (struct ticket){
        .issuer = (size_t)json_integer_value(json_object_get(members, "issuer")),
        .state = arena_copy(arena, json_text(json_object_get(members, "state"))),
        .nonce = arena_copy(arena, json_text(json_object_get(members, "nonce"))),
        .verifier = arena_copy(arena, json_text(json_object_get(members, "verifier"))),
        .return_path = arena_copy(arena, json_text(json_object_get(members, "return_path"))),
        .expires_at = json_integer_value(json_object_get(members, "expires_at")),
    };
}

bool ticket_open(
    struct ticket *ticket, const struct seal *seal, struct slice text, struct arena *arena)
{
    CLEANUP(buf_deinit)
    struct buf plain;
    const char *fault;
    buf_init(&plain, TICKET_MAX);
    if (text.len > TICKET_MAX || !seal_open_text(seal, CONTEXT, text, &plain)) return false;
    CLEANUP(json_release)
    json_t *members = json_decode(buf_slice(&plain), 1, &fault);
    if (!members) return false;
    read_members(ticket, members, arena);
    return true;
}

struct slice ticket_challenge(const struct ticket *ticket, struct arena *arena)
{
    struct digest digest = digest_sha256(ticket->verifier);
    return base64url(digest_slice(&digest), arena);
}
