/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit of work that one thread hands to another, and the bounded queue that carries it.
 *
 * A job is embedded in whatever it is about; the queue only links it. Ownership moves with the job: from the push until the
 * receiver runs it, nobody else touches what embeds it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/check.h"

struct job;
typedef void job_fn(struct job *job);

struct job {
    struct job *next;
    job_fn *run;
};

struct queue;

/* `limit`: how many jobs may wait. */
struct queue *queue_new(size_t limit);
void queue_free(struct queue *queue);
/* False when full or closed; the job then still belongs to the caller. Any thread. */
MUST_CHECK bool queue_push(struct queue *queue, struct job *job);
/* Waits for jobs, then unlinks up to `most`, in order of arrival, as a list by `next`; `*count` says how many. NULL once the
 * queue is closed and empty. */
struct job *queue_take(struct queue *queue, size_t most, size_t *count);
/* No more pushes; takers drain what is left. */
void queue_close(struct queue *queue);
size_t queue_depth(struct queue *queue);
