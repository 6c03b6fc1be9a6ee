/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all lists share: the parameters `limit`, `cursor`, `customer`, `from`, `to`, `state`, `order`, `subject`, `record`, `phone`,
 * `currency`, `min_amount`, `max_amount`, `q`, the preference `count=exact`, and the page as it is written.
 */
#pragma once

#include "api/schema.h"
#include "store/store.h"

/* A kind of list: the store's verb, the size of its rows, and whether they are counted for who prefers it. */
struct list_kind {
    enum store_verb verb;
    size_t row_size;
    bool counts;
};

/* The whole flow of a list route. */
enum step req_list(struct req *rq, const struct list_kind *kind);
