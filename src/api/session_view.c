/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /auth/session: who is signed in and what they may do, never a token (RFC 10017). GET /: the page that sign-in and sign-out lead
 * to when no other was asked for; whatever the provider adds to its address is ignored.
 *
 * Worker's thread.
 */
#include "api/session_view.h"

#include "api/schema.h"
#include "api/session.h"
#include "http/page.h"

static step_fn show;

/* Credentials are a session alone: a token's bearer has the claims at hand. */
enum step session_view(struct req *rq)
{
    size_t tokens;
    (void)req_field(rq, SLICE("Authorization"), &tokens);
    if (!tokens) return session_enter(rq, show);
    return req_fail_with(
        rq, ERR_AMBIGUOUS_CREDENTIALS, SLICE("this is about sessions; no token is taken here"));
}

static enum step show(struct req *rq)
{
    return req_reply_row(rq, 200, rq->route->gives(), &rq->session->get.row);
}

enum step landing_view(struct req *rq)
{
    static const struct page page = {
        .title = {"Agizo", 5},
        .text = {"Customers and orders.", 21},
        .link = {"/auth/login", 11},
        .link_text = {"Sign in", 7},
    };
    return req_page(rq, 200, &page);
}
