/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation: something started on a loop that completes later, exactly once, on that same loop.
 *
 * Embedded as the first thing a flow waits on. Whoever carries it out answers with op_complete() from any thread; `done` then
 * runs on the home loop in a later turn of events, never inside the call that started the operation.
 *   idle --op_start--> pending --op_complete--> idle (done called)
 */
#pragma once

#include "core/err.h"
#include "net/loop.h"

struct op;
typedef void op_fn(struct op *op);

struct op {
    struct job job;
    struct loop *home;
    op_fn *done;
    void *owner;  /* whoever waits; set before the start, kept over it */
    enum err err; /* valid in `done` */
    bool pending;
};

/* Marks the operation pending; `done` runs on `home`. */
void op_start(struct op *op, struct loop *home, op_fn *done);
/* Any thread; `err` is ERR_OK or the reason. */
void op_complete(struct op *op, enum err err);
/* Several at once, linked by their jobs, each with its `err` set: one wake-up for each home loop. Any thread. */
void op_complete_list(struct job *jobs);
