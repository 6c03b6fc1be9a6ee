/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cookie of a session: base64url of 32 random bytes. The store knows the session by their SHA-256 alone.
 */
#pragma once

#include "core/check.h"
#include "core/digest.h"
#include "http/request.h"

/* RFC 10017 prefers `__Host-Http-`; browsers that do not know that name would give it no protection at all. */
#define SESSION_COOKIE SLICE("__Host-agizo")

/* ERR_NO_CREDENTIALS without such a cookie, ERR_AMBIGUOUS_CREDENTIALS for more than one, ERR_NO_SESSION for one that is not ours. */
MUST_CHECK enum err session_cookie_read(const struct req *rq, struct digest *id);
/* The value of a new one; `id` is what the store is to know it by. */
struct slice session_cookie_make(struct arena *arena, struct digest *id);
/* Until the browser ends: how long a session lasts is for the store to say. */
void session_cookie_set(struct req *rq, struct slice value);
void session_cookie_clear(struct req *rq);
