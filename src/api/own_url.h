/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service's own address as its clients see it, and the rule that keeps other sites from acting in somebody's name.
 */
#pragma once

#include "api/api.h"

/* The URL of this request without its query: AGIZO_PUBLIC_URL and the path; without that setting, http and the Host. */
struct slice own_url(struct req *rq);
/* The rule for a request with a session's cookie (RFC 10017): a method that changes nothing always passes. Any other needs the
 * field X-Agizo-Request, which another site's page cannot add without asking us first (we never say yes); and where the browser
 * says which page it comes from (Origin, Sec-Fetch-Site), that must be ours. */
MUST_CHECK bool own_page(struct req *rq);
/* True for a browser that changes to this address, as far as it tells (Fetch Metadata): no script gets to see where it leads. */
MUST_CHECK bool own_navigation(const struct req *rq);
