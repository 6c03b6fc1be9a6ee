/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few answers that a person's browser shows or follows by itself.
 */
#pragma once

#include "core/err.h"
#include "http/request.h"

/* Plain HTML without scripts, styles or pictures; all texts are escaped. `detail` and the link may be absent. */
struct page {
    struct slice title, text, detail;
    struct slice link, link_text;
};

/* Each ends a flow: return its value. */
enum step req_page(struct req *rq, int status, const struct page *page);
/* The page of an error: its title, `detail`, the request's id, and a way to try again. */
enum step req_fail_page(struct req *rq, enum err err, struct slice detail, struct slice again);
/* 303: the browser goes on to `url` with GET. Anything but visible ASCII becomes "/". */
enum step req_redirect(struct req *rq, struct slice url);
