/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: one epoll descriptor, one eventfd for the inbox, timers in a list sorted by due time.
 *
 * A turn: wait (until the first timer) → descriptors → inbox → timers → defers. A defer that sets itself again runs in the next
 * turn. The list of timers is searched from its end: timeouts set one after the other have rising due times, so inserting is
 * usually one comparison.
 *
 * Runs on its own thread; loop_post() and loop_stop() come from any. The loop owns nothing but its descriptors.
 * Limits: EVENTS_MAX descriptors per turn; more wait for the next.
 */
#include "net/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clock.h"

#define EVENTS_MAX 128

struct loop {
    int epoll_fd, wake_fd;
    struct list timers, defers;
    struct epoll_event events[EVENTS_MAX];
    int event_count,
        event_at; /* of this turn, so that watch_clear() can drop what is still to come */
    pthread_mutex_t inbox_mutex;
    struct job *inbox_first, *inbox_last;
    atomic_bool stopped;
};

struct loop *loop_new(void)
{
    struct loop *loop = memory_zeroed(sizeof(*loop));
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    check(loop->epoll_fd >= 0 && loop->wake_fd >= 0);
    check(pthread_mutex_init(&loop->inbox_mutex, NULL) == 0);
    list_init(&loop->timers);
    list_init(&loop->defers);
    struct epoll_event wake = {.events = EPOLLIN, .data.ptr = NULL};
    check(epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &wake) == 0);
    return loop;
}

void loop_free(struct loop *loop)
{
    close(loop->epoll_fd);
    close(loop->wake_fd);
    pthread_mutex_destroy(&loop->inbox_mutex);
    free(loop);
}

static void wake(struct loop *loop)
{
    uint64_t one = 1;
    /* Fails only with EAGAIN at 2^64-2, when the loop is awake anyway. */
    ssize_t written = write(loop->wake_fd, &one, sizeof(one));
    (void)written;
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopped, true);
    wake(loop);
}

void loop_post(struct loop *loop, struct job *job)
{
    job->next = NULL;
    loop_post_list(loop, job, job);
}

void loop_post_list(struct loop *loop, struct job *first, struct job *last)
{
    check(!last->next);
    pthread_mutex_lock(&loop->inbox_mutex);
    bool was_empty = !loop->inbox_first;
    if (was_empty) {
        loop->inbox_first = first;
    } else {
        loop->inbox_last->next = first;
    }
    loop->inbox_last = last;
    pthread_mutex_unlock(&loop->inbox_mutex);
    if (was_empty) wake(loop);
}

void watch_init(struct watch *watch, struct loop *loop, watch_fn *fn)
{
    *watch = (struct watch){.loop = loop, .fn = fn, .fd = -1};
}

void watch_set(struct watch *watch, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    int action = EPOLL_CTL_MOD;
    if (watch->fd != fd) {
        watch_clear(watch);
        action = EPOLL_CTL_ADD;
    }
    check(epoll_ctl(watch->loop->epoll_fd, action, fd, &event) == 0);
    watch->fd = fd;
}

void watch_clear(struct watch *watch)
{
    struct loop *loop = watch->loop;
    if (watch->fd < 0) return;
    /* The owner may have closed the descriptor first, which has unwatched it. */
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->fd = -1;
    for (int i = loop->event_at; i < loop->event_count; i++) {
        if (loop->events[i].data.ptr == watch) loop->events[i].events = 0;
    }
}

void timer_init(struct timer *timer, timer_fn *fn)
{
    *timer = (struct timer){.fn = fn};
    list_init(&timer->node);
}

void timer_set(struct loop *loop, struct timer *timer, int64_t delay_ms)
{
    timer_clear(timer);
    timer->due_ms = clock_mono_ms() + delay_ms;
    struct list *after = loop->timers.prev;
    while (
        after != &loop->timers && CONTAINER_OF(after, struct timer, node)->due_ms > timer->due_ms) {
        after = after->prev;
    }
    list_append(after->next, &timer->node);
}

void timer_clear(struct timer *timer)
{
    list_remove(&timer->node);
}

void defer_init(struct defer *defer, defer_fn *fn)
{
    *defer = (struct defer){.fn = fn};
    list_init(&defer->node);
}

void defer_set(struct loop *loop, struct defer *defer)
{
    if (list_empty(&defer->node)) list_append(&loop->defers, &defer->node);
}

void defer_clear(struct defer *defer)
{
    list_remove(&defer->node);
}

/* Milliseconds until the first timer, 0 when one is due or a defer waits, -1 when there is none. */
static int wait_ms(struct loop *loop)
{
    if (!list_empty(&loop->defers)) return 0;
    if (list_empty(&loop->timers)) return -1;
    int64_t left = CONTAINER_OF(loop->timers.next, struct timer, node)->due_ms - clock_mono_ms();
    if (left < 0) return 0;
    return left > 60000 ? 60000 : (int)left;
}

static void run_inbox(struct loop *loop)
{
    pthread_mutex_lock(&loop->inbox_mutex);
    struct job *job = loop->inbox_first;
    loop->inbox_first = loop->inbox_last = NULL;
    pthread_mutex_unlock(&loop->inbox_mutex);
    while (job) {
        struct job *next = job->next; /* run() may free or post the job again */
        job->run(job);
        job = next;
    }
}

static void run_events(struct loop *loop)
{
    for (loop->event_at = 0; loop->event_at < loop->event_count;) {
        struct epoll_event *event = &loop->events[loop->event_at++];
        struct watch *watch = event->data.ptr;
        if (!watch) {
            uint64_t wakes;
            ssize_t got = read(loop->wake_fd, &wakes, sizeof(wakes));
            (void)got;
        } else if (event->events) {
            watch->fn(watch, event->events);
        }
    }
    loop->event_count = loop->event_at = 0;
}

static void run_timers(struct loop *loop)
{
    int64_t now = clock_mono_ms();
    while (!list_empty(&loop->timers)) {
        struct timer *timer = CONTAINER_OF(loop->timers.next, struct timer, node);
        if (timer->due_ms > now) return;
        timer_clear(timer);
        timer->fn(timer);
    }
}

static void run_defers(struct loop *loop)
{
    struct list now;
    struct list *node;
    list_init(&now);
    list_move_all(&now, &loop->defers);
    while ((node = list_take(&now))) {
        struct defer *defer = CONTAINER_OF(node, struct defer, node);
        defer->fn(defer);
    }
}

void loop_run(struct loop *loop)
{
    while (!atomic_load(&loop->stopped)) {
        int count = epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, wait_ms(loop));
        check(count >= 0 || errno == EINTR);
        loop->event_count = count > 0 ? count : 0;
        run_events(loop);
        run_inbox(loop);
        run_timers(loop);
        run_defers(loop);
    }
}
