/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters as `application/x-www-form-urlencoded` (RFC 6749 Appendix B), for bodies and queries, and the credentials of a client.
 */
#pragma once

#include "core/buf.h"

/* Appends NAME=VALUE, with a `&` before it unless it is the first: `out` is empty or ends with `?`. */
void form_put(struct buf *out, const char *name, struct slice value);
/* The same for a query behind an address, which may have one already (RFC 6749 §3.1). */
void form_begin_query(struct buf *out, struct slice address);
/* Appends `Basic …` for client_secret_basic: both parts are form-encoded first (RFC 6749 §2.3.1). */
void form_put_basic(struct buf *out, struct slice id, struct slice secret);
