/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all "get one by id" routes share.
 */
#pragma once

#include "api/api.h"

/* A kind of row as it is read by id: whose it is (a customer's code), and its version (0: it has none). */
struct get_kind {
    enum store_verb verb;
    struct slice (*owner)(const struct store_get *get);
    int64_t (*version)(const struct store_get *get);
};

/* The whole flow. 404 for an id that is no UUID, for an absent row, and for one that the caller may not see: indistinguishable. */
enum step req_get(struct req *rq, const struct get_kind *kind);
/* RFC 9110 §13.1.2: `given` is a list of entity tags, compared weakly, or `*`; absent matches nothing. */
bool etag_matches(struct slice given, struct slice own);
