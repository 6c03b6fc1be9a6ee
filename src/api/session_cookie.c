/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and making of session cookies. Worker's thread; nothing is kept.
 */
#include "api/session_cookie.h"

#include "core/random.h"
#include "http/cookie.h"

#define ID_LEN 32
#define ID_TEXT_LEN 43

enum err session_cookie_read(const struct req *rq, struct digest *id)
{
    struct slice text;
    struct buf bytes CLEANUP(buf_deinit);
    size_t count = cookie_find(rq, SESSION_COOKIE, &text);
    buf_init(&bytes, ID_LEN);
    if (count == 0) return ERR_NO_CREDENTIALS;
    if (count > 1) return ERR_AMBIGUOUS_CREDENTIALS;
    if (text.len != ID_TEXT_LEN || !base64url_decode(text, &bytes)) return ERR_NO_SESSION;
    *id = digest_sha256(buf_slice(&bytes));
    return ERR_OK;
}

struct slice session_cookie_make(struct arena *arena, struct digest *id)
{
    char bytes[ID_LEN];
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, ID_TEXT_LEN);
    random_fill(bytes, sizeof(bytes));
    buf_put_base64url(&text, (struct slice){bytes, sizeof(bytes)});
    *id = digest_sha256((struct slice){bytes, sizeof(bytes)});
    return arena_copy(arena, buf_slice(&text));
}

void session_cookie_set(struct req *rq, struct slice value)
{
    cookie_set(rq, SESSION_COOKIE, value, 0);
}

void session_cookie_clear(struct req *rq)
{
    cookie_clear(rq, SESSION_COOKIE);
}
