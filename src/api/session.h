/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person's session in a request: from the cookie to the identity.
 */
#pragma once

#include "api/api.h"
#include "auth/flows.h"
#include "store/session.h"

/* What a request with a session's cookie carries along, in its arena; req->session. */
struct session_check {
    step_fn *next;
    struct store_session_get get; /* get.row is the session as it stands */
    struct store_session_touch touch;
    struct auth_refresh refresh;
    struct store_session_refresh keep;
    struct store_session_end end;
    struct identity identity;
    struct op pause;
    struct timer timer;
    int pauses, tries;
};

/* Goes on with `next`, with rq->identity and rq->session set, or has replied: 400, 401 (the cookie is then cleared), 403 for what
 * another site's page sent, 503 while the store is away. Without a cookie: 401. */
enum step session_enter(struct req *rq, step_fn *next);
/* Replies with the error and makes the browser forget its cookie, if it sent one. */
enum step session_refuse(struct req *rq, enum err err);
