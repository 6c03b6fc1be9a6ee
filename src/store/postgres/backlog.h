/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store operations that wait for a connection, first come first served.
 */
#pragma once

#include "store/store.h"

/* An operation that may have been committed before its connection broke is asked about for this long: a wrong "not done" would cost
 * more than the wait. */
#define BACKLOG_UNSURE_MS 10000

struct backlog {
    struct list ops;
    size_t count;
    int64_t retry_wait_ms; /* bound for operations that were tried before */
};

void backlog_init(struct backlog *backlog, int64_t retry_wait_ms);
void backlog_put(struct backlog *backlog, struct store_op *op);
/* In front of the others: it has waited before. */
void backlog_put_first(struct backlog *backlog, struct store_op *op);
/* NULL when empty. */
struct store_op *backlog_take(struct backlog *backlog);
/* Answers ERR_UNAVAILABLE to those that have waited STORE_WAIT_MS, or `retry_wait_ms` once tried. */
void backlog_expire(struct backlog *backlog, int64_t now_ms);
