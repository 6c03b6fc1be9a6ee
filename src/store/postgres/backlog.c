/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list with its length. Runs on the link's loop thread; operations stay their requests'.
 *
 * No bound here: the driver refuses past STORE_QUEUE_MAX, and what comes back from a broken connection was counted before.
 */
#include "store/postgres/backlog.h"

void backlog_init(struct backlog *backlog, int64_t retry_wait_ms)
{
    list_init(&backlog->ops);
    backlog->count = 0;
    backlog->retry_wait_ms = retry_wait_ms;
}

void backlog_put(struct backlog *backlog, struct store_op *op)
{
    list_append(&backlog->ops, &op->node);
    backlog->count++;
}

void backlog_put_first(struct backlog *backlog, struct store_op *op)
{
    list_append(backlog->ops.next, &op->node);
    backlog->count++;
}

struct store_op *backlog_take(struct backlog *backlog)
{
    struct list *node = list_take(&backlog->ops);
    if (!node) return NULL;
    backlog->count--;
    return CONTAINER_OF(node, struct store_op, node);
}

static bool expired(const struct backlog *backlog, const struct store_op *op, int64_t now_ms)
{
    return now_ms - op->since_ms >= (op->tries ? backlog->retry_wait_ms : STORE_WAIT_MS);
}

void backlog_expire(struct backlog *backlog, int64_t now_ms)
{
    list_for_each_safe (node, &backlog->ops) {
        struct store_op *op = CONTAINER_OF(node, struct store_op, node);
        /* First come, first served: whoever stands behind has not waited much longer. */
        if (now_ms - op->since_ms < STORE_WAIT_MS) return;
        if (!expired(backlog, op, now_ms)) continue;
        list_remove(node);
        backlog->count--;
        op_complete(&op->op, ERR_UNAVAILABLE);
    }
}
