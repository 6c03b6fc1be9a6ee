/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages and redirects. They tell nobody where the browser came from, and may load or do nothing: what stands in an address of the
 * sign-in is nobody else's business (RFC 9700 §4.2). Worker's thread; writes into the request's reply.
 */
#include "http/page.h"

#include "core/check.h"

#define POLICY "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static void put_escaped(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&': buf_put_text(out, "&amp;"); break;
        case '<': buf_put_text(out, "&lt;"); break;
        case '>': buf_put_text(out, "&gt;"); break;
        case '"': buf_put_text(out, "&quot;"); break;
        case '\'': buf_put_text(out, "&#39;"); break;
        default: buf_put_char(out, text.ptr[i]);
        }
    }
}

static void put_paragraph(struct buf *out, struct slice text)
{
    if (!slice_present(text)) return;
    buf_put_text(out, "<p>");
    put_escaped(out, text);
    buf_put_text(out, "</p>\n");
}

static void put_link(struct buf *out, const struct page *page)
{
    if (!slice_present(page->link)) return;
    buf_put_text(out, "<p><a href=\"");
    put_escaped(out, page->link);
    buf_put_text(out, "\">");
    put_escaped(out, page->link_text);
    buf_put_text(out, "</a></p>\n");
}

static void put_page(struct buf *out, const struct page *page)
{
    buf_put_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    put_escaped(out, page->title);
    buf_put_text(out, "</title>\n</head>\n<body>\n<h1>");
    put_escaped(out, page->title);
    buf_put_text(out, "</h1>\n");
    put_paragraph(out, page->text);
    put_paragraph(out, page->detail);
    put_link(out, page);
    buf_put_text(out, "</body>\n</html>\n");
}

enum step req_page(struct req *rq, int status, const struct page *page)
{
    buf_reset(&rq->reply.body);
    put_page(&rq->reply.body, page);
    req_reply_field(rq, SLICE("Content-Security-Policy"), SLICE(POLICY));
    req_reply_field(rq, SLICE("X-Content-Type-Options"), SLICE("nosniff"));
    req_reply_field(rq, SLICE("Referrer-Policy"), SLICE("no-referrer"));
    return req_reply(rq, status, SLICE("text/html; charset=utf-8"));
}

enum step req_fail_page(struct req *rq, enum err err, struct slice detail, struct slice again)
{
    const struct err_info *info = err_info(err);
    req_fail_note(rq, err);
    const struct page page = {
        .title = info->title,
        .text = detail,
        .detail = arena_format(&rq->arena, "Request %.*s", SLICE_ARG(rq->id)),
        .link = again,
        .link_text = SLICE("Try again"),
    };
    return req_page(rq, info->status, &page);
}

static bool all_visible(struct slice url)
{
    for (size_t i = 0; i < url.len; i++) {
        if (url.ptr[i] <= ' ' || url.ptr[i] >= 0x7f) return false;
    }
    return url.len > 0;
}

enum step req_redirect(struct req *rq, struct slice url)
{
    buf_reset(&rq->reply.body);
    req_reply_field(rq, SLICE("Location"), all_visible(url) ? url : SLICE("/"));
    req_reply_field(rq, SLICE("Referrer-Policy"), SLICE("no-referrer"));
    return req_reply(rq, 303, slice_absent());
}
