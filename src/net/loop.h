/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event loop over epoll: descriptors, timers, work deferred to the end of the turn, and an inbox for other threads.
 *
 * Everything here belongs to the thread that runs the loop, except loop_post() and loop_stop(). Watches, timers and defers are
 * embedded in their owners and must be released before the owner goes away.
 */
#pragma once

#include <stdint.h>

#include "core/list.h"
#include "net/job.h"

struct loop;
struct watch;
struct timer;
struct defer;

/* `events`: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP as epoll_wait(2) reports them (level-triggered). */
typedef void watch_fn(struct watch *watch, uint32_t events);
typedef void timer_fn(struct timer *timer);
typedef void defer_fn(struct defer *defer);

struct watch {
    struct loop *loop;
    watch_fn *fn;
    int fd; /* -1 while not watched */
};

struct timer {
    struct list node;
    timer_fn *fn;
    int64_t due_ms; /* monotonic */
};

struct defer {
    struct list node;
    defer_fn *fn;
};

struct loop *loop_new(void);
void loop_free(struct loop *loop);
/* Turns until loop_stop(). */
void loop_run(struct loop *loop);
/* Any thread, and signal handlers. */
void loop_stop(struct loop *loop);
/* Runs `job->run(job)` on the loop's thread, soon, in order of posting. Any thread. */
void loop_post(struct loop *loop, struct job *job);
/* The same for jobs linked by `next` from `first` to `last`, with one wake-up for all. */
void loop_post_list(struct loop *loop, struct job *first, struct job *last);

void watch_init(struct watch *watch, struct loop *loop, watch_fn *fn);
/* Starts to watch `fd`, or changes the events it is watched for. */
void watch_set(struct watch *watch, int fd, uint32_t events);
/* Safe when not watched; no call of `fn` follows, not even for events already fetched. */
void watch_clear(struct watch *watch);

void timer_init(struct timer *timer, timer_fn *fn);
/* Once, after `delay_ms` milliseconds; a timer already set is moved. */
void timer_set(struct loop *loop, struct timer *timer, int64_t delay_ms);
void timer_clear(struct timer *timer);

void defer_init(struct defer *defer, defer_fn *fn);
/* Once, at the end of this turn, after all events and the inbox; a defer already set stays where it is. */
void defer_set(struct loop *loop, struct defer *defer);
void defer_clear(struct defer *defer);
