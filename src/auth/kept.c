/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON object, sealed in the context of its owner: moved to another person's session it does not open. Any thread; texts belong to the
 * arena, and what was in the clear in a buffer here is wiped.
 */
#include "auth/kept.h"

#include <openssl/crypto.h>

#include "core/digest.h"
#include "core/json.h"

/* Two tokens and a nonce; tokens are printable ASCII, of which JSON escapes some as two characters. */
#define KEPT_MAX ((size_t)5 * KEPT_TOKEN_MAX)
/* With what sealing adds. */
#define SEALED_MAX (KEPT_MAX + 256)

static struct digest context_of(struct kept_owner owner)
{
    const struct slice parts[] = {SLICE("tokens"), owner.issuer, owner.subject};
    return digest_parts(parts, ARRAY_LEN(parts));
}

static void put_member(struct buf *out, const char *name, struct slice value)
{
    if (!slice_present(value)) return;
    buf_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    json_put_text(out, value);
}

static void wipe(struct buf *buf)
{
    if (buf->ptr) OPENSSL_cleanse(buf->ptr, buf->cap);
    buf_deinit(buf);
}

struct slice kept_seal(
    const struct kept *kept, const struct seal *seal, struct kept_owner owner, struct arena *arena)
{
    CLEANUP(wipe)
    struct buf plain;
    CLEANUP(buf_deinit)
    struct buf sealed;
    struct digest context = context_of(owner);
    buf_init(&plain, KEPT_MAX);
    buf_init(&sealed, SEALED_MAX);
    buf_put_char(&plain, '{');
    put_member(&plain, "refresh_token", kept->refresh_token);
    put_member(&plain, "id_token", kept->id_token);
    put_member(&plain, "nonce", kept->nonce);
    buf_put_char(&plain, '}');
    seal_close(seal, digest_slice(&context), buf_slice(&plain), &sealed);
    check(buf_ok(&plain) && buf_ok(&sealed));
    return arena_copy(arena, buf_slice(&sealed));
}

bool kept_open(struct kept *kept, const struct seal *seal, struct kept_owner owner,
    struct slice sealed, struct arena *arena)
{
    const char *fault;
    CLEANUP(wipe)
    struct buf plain;
    struct digest context = context_of(owner);
    buf_init(&plain, SEALED_MAX);
    if (!seal_open(seal, digest_slice(&context), sealed, &plain)) return false;
    CLEANUP(json_release)
    json_t *members = json_decode(buf_slice(&plain), 1, &fault);
    *kept = (struct kept){
        .refresh_token = arena_copy(arena, json_text(json_object_get(members, "refresh_token"))),
        .id_token = arena_copy(arena, json_text(json_object_get(members, "id_token"))),
        .nonce = arena_copy(arena, json_text(json_object_get(members, "nonce"))),
    };
    return members != NULL;
}
