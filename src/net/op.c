/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion travels through the home loop's inbox, also from the loop's own thread: a step never runs inside another's call.
 */
#include "net/op.h"

static void deliver(struct job *job)
{
    struct op *op = CONTAINER_OF(job, struct op, job);
    check(op->pending);
    op->pending = false;
    op->done(op);
}

void op_start(struct op *op, struct loop *home, op_fn *done)
{
    check(!op->pending);
    op->job.run = deliver;
    op->home = home;
    op->done = done;
    op->err = ERR_OK;
    op->pending = true;
}

void op_complete(struct op *op, enum err err)
{
    op->err = err;
    loop_post(op->home, &op->job);
}
