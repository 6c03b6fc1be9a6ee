/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /auth/session: who is signed in and what they may do, never a token (RFC 10017). GET /: the page that sign-in and sign-out lead
 * to when no other was asked for; whatever the provider adds to its address is ignored.
 *
 * Worker's thread.
 */
#include "api/session_view.h"

#include "api/session.h"
#include "core/json.h"
#include "core/timestamp.h"
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

static void put_member(struct buf *out, const char *name, struct slice value)
{
    if (!slice_present(value)) return;
    buf_put_text(out, name);
    json_put_text(out, value);
}

static void put_permissions(struct buf *out, permission_set set)
{
    const char *separator = "";
    for (unsigned i = 0; i < PERMISSION_COUNT; i++) {
        if (!(set >> i & 1)) continue;
        buf_put_text(out, separator);
        json_put_text(out, permission_scope((enum permission)i));
        separator = ",";
    }
}

static enum step show(struct req *rq)
{
    const struct session *row = &rq->session->get.row;
    struct buf *out = &rq->reply.body;
    put_member(out, "{\"subject\":", row->subject);
    put_member(out, ",\"name\":", row->name);
    put_member(out, ",\"issuer\":", row->issuer);
    buf_put_text(out, ",\"permissions\":[");
    put_permissions(out, rq->identity->permissions);
    buf_put_char(out, ']');
    put_member(out, ",\"customer_code\":", row->customer_code);
    buf_put_text(out, ",\"expires_at\":\"");
    buf_put_timestamp(out, row->expires_at);
    buf_put_text(out, "\"}\n");
    return req_reply(rq, 200, SLICE("application/json"));
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
