/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cookies in and out (RFC 6265).
 *
 * All of ours are of one kind: for this host alone, over https, out of reach of scripts, and not sent along by other sites except
 * when somebody follows a link: `__Host-` names, Secure, HttpOnly, SameSite=Lax, Path=/, no Domain. Browsers take such cookies from
 * http://127.0.0.1 and http://localhost too, as development needs (Chromium and Firefox do, Safari does not).
 */
#pragma once

#include "http/request.h"

/* How many cookies of this name the request carries; `value` is the first one's, absent without one. Names are compared exactly. */
size_t cookie_find(const struct req *rq, struct slice name, struct slice *value);
/* Adds a Set-Cookie field. `value` consists of characters that cookies may have (base64url does). `seconds`: how long the browser
 * keeps it; 0: until the browser ends. */
void cookie_set(struct req *rq, struct slice name, struct slice value, int64_t seconds);
/* Adds a Set-Cookie field that makes the browser forget it. */
void cookie_clear(struct req *rq, struct slice name);
