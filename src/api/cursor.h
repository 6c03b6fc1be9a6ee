/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors of lists: an opaque, authenticated place, bound to the list and its filters.
 */
#pragma once

#include "api/api.h"

/* Where a page begins, and how many rows the pages before it showed. */
struct cursor {
    struct store_place place;
    uint64_t before;
};

/* The text of the place behind which the next page begins. */
struct slice cursor_format(
    struct req *rq, const struct store_list *list, const struct cursor *cursor);
/* False for a text that we did not make for this list, these filters and this caller's rows. */
MUST_CHECK bool cursor_parse(
    struct req *rq, struct slice text, const struct store_list *list, struct cursor *out);
