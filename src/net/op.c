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

/* Posts those at home where the first one is; returns the others. */
static struct job *post_first_home(struct job *jobs)
{
    struct loop *home = CONTAINER_OF(jobs, struct op, job)->home;
    struct job *first = NULL, *last = NULL, *others = NULL;
    struct job **end = &first, **others_end = &others;
    for (struct job *job = jobs; job; job = job->next) {
        if (CONTAINER_OF(job, struct op, job)->home == home) {
            *end = last = job;
            end = &job->next;
        } else {
            *others_end = job;
            others_end = &job->next;
        }
    }
    *end = *others_end = NULL;
    loop_post_list(home, first, last);
    return others;
}

void op_complete_list(struct job *jobs)
{
    while (jobs) jobs = post_first_home(jobs);
}
