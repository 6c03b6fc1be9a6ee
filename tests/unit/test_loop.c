/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: what runs in which order, and what may be changed while it runs.
 */
#include "net/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"

static struct loop *loop;
static char trail[64]; /* one letter per call */

static void note(char letter)
{
    size_t len = strlen(trail);
    assert_true(len < sizeof(trail) - 1);
    trail[len] = letter;
}

static int open_loop(void **state)
{
    (void)state;
    memset(trail, 0, sizeof(trail));
    loop = loop_new();
    return 0;
}

static int close_loop(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

/* --- Timers --- */

struct lettered_timer {
    struct timer timer;
    char letter;
};

static void note_timer(struct timer *timer)
{
    note(CONTAINER_OF(timer, struct lettered_timer, timer)->letter);
}

static void note_and_stop(struct timer *timer)
{
    note_timer(timer);
    loop_stop(loop);
}

static void timers_run_in_order_of_time(void **state)
{
    static const int64_t delays[] = {30, 10, 20, 10, 0};
    struct lettered_timer timers[5], last = {.letter = '.'};
    (void)state;
    int64_t start = clock_mono_ms();
    for (size_t i = 0; i < 5; i++) {
        timers[i].letter = (char)('a' + i);
        timer_init(&timers[i].timer, note_timer);
    }
    timer_init(&last.timer, note_and_stop);
    timer_set(loop, &last.timer, 40);
    for (size_t i = 0; i < 5; i++) timer_set(loop, &timers[i].timer, delays[i]);
    loop_run(loop);
    /* b before d: set first. If a millisecond passed between the two, b is due first all the more. */
    assert_string_equal(trail, "ebdca.");
    assert_true(clock_mono_ms() - start >= 40);
}

static void timers_can_be_moved_and_cleared(void **state)
{
    struct lettered_timer moved = {.letter = 'm'}, cleared = {.letter = 'c'},
                          stop = {.letter = '.'};
    (void)state;
    timer_init(&moved.timer, note_timer);
    timer_init(&cleared.timer, note_timer);
    timer_init(&stop.timer, note_and_stop);
    timer_clear(&cleared.timer);
    timer_set(loop, &moved.timer, 1000000);
    timer_set(loop, &cleared.timer, 1);
    timer_set(loop, &stop.timer, 5);
    timer_set(loop, &moved.timer, 2);
    timer_clear(&cleared.timer);
    loop_run(loop);
    assert_string_equal(trail, "m.");
}

static struct lettered_timer victim = {.letter = 'v'};

static void clear_victim(struct timer *timer)
{
    note_timer(timer);
    timer_clear(&victim.timer);
}

static void a_timer_may_clear_one_that_is_due(void **state)
{
    struct lettered_timer killer = {.letter = 'k'}, stop = {.letter = '.'};
    (void)state;
    timer_init(&killer.timer, clear_victim);
    timer_init(&victim.timer, note_timer);
    timer_init(&stop.timer, note_and_stop);
    timer_set(loop, &killer.timer, 0);
    timer_set(loop, &victim.timer, 0);
    timer_set(loop, &stop.timer, 1);
    loop_run(loop);
    assert_string_equal(trail, "k.");
}

/* --- Defers --- */

struct lettered_defer {
    struct defer defer;
    char letter;
    int again;
};

static void note_defer(struct defer *defer)
{
    struct lettered_defer *self = CONTAINER_OF(defer, struct lettered_defer, defer);
    note(self->letter);
    if (self->letter == '.') loop_stop(loop);
    if (self->again-- > 0) defer_set(loop, defer);
}

static void defers_run_once_per_setting(void **state)
{
    struct lettered_defer defers[3] = {
        {.letter = 'a'}, {.letter = 'b', .again = 2}, {.letter = 'c'}};
    struct lettered_timer stop = {.letter = '.'};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        defer_init(&defers[i].defer, note_defer);
        defer_set(loop, &defers[i].defer);
    }
    defer_set(loop, &defers[0].defer); /* stays where it is */
    defer_clear(&defers[2].defer);
    defer_clear(&defers[2].defer);
    timer_init(&stop.timer, note_and_stop);
    timer_set(loop, &stop.timer, 20);
    loop_run(loop);
    assert_string_equal(trail, "abbb.");
}

static struct lettered_defer at_end = {.letter = '.'};

static void note_job(struct job *job)
{
    (void)job;
    note('j');
    defer_set(loop, &at_end.defer);
}

static void the_turn_ends_with_defers(void **state)
{
    struct job first = {.run = note_job}, second = {.run = note_job};
    struct lettered_timer timer = {.letter = 't'};
    (void)state;
    defer_init(&at_end.defer, note_defer);
    timer_init(&timer.timer, note_timer);
    timer_set(loop, &timer.timer, 0);
    loop_post(loop, &first);
    loop_post(loop, &second);
    loop_run(loop);
    assert_string_equal(trail, "jjt.");
}

/* --- Descriptors --- */

struct pipe_watch {
    struct watch watch;
    int ends[2];
    struct pipe_watch *other; /* cleared by whoever runs first */
};

static void read_byte(struct watch *watch, uint32_t events)
{
    char byte;
    assert_true(events & EPOLLIN);
    assert_int_equal(read(watch->fd, &byte, 1), 1);
    note(byte);
    if (byte == '.') loop_stop(loop);
}

static void open_pipe(struct pipe_watch *pair, watch_fn *fn)
{
    assert_int_equal(pipe(pair->ends), 0);
    watch_init(&pair->watch, loop, fn);
    watch_set(&pair->watch, pair->ends[0], EPOLLIN);
}

static void close_pipe(struct pipe_watch *pair)
{
    watch_clear(&pair->watch);
    close(pair->ends[0]);
    close(pair->ends[1]);
}

static void watches_tell_of_events_until_they_are_handled(void **state)
{
    struct pipe_watch pair;
    (void)state;
    open_pipe(&pair, read_byte);
    assert_int_equal(write(pair.ends[1], "abc.", 4), 4);
    loop_run(loop);
    assert_string_equal(trail, "abc.");
    close_pipe(&pair);
    watch_clear(&pair.watch);
}

static void clear_other(struct watch *watch, uint32_t events)
{
    struct pipe_watch *pair = CONTAINER_OF(watch, struct pipe_watch, watch);
    (void)events;
    note('x');
    close_pipe(pair->other);
    /* Freed memory and a reused descriptor must not be touched by what was fetched already. */
    memset(&pair->other->watch, 0xa5, sizeof(pair->other->watch));
    loop_stop(loop);
}

static void a_cleared_watch_is_silent_within_the_turn(void **state)
{
    struct pipe_watch first, second;
    (void)state;
    open_pipe(&first, clear_other);
    open_pipe(&second, clear_other);
    first.other = &second;
    second.other = &first;
    assert_int_equal(write(first.ends[1], "a", 1), 1);
    assert_int_equal(write(second.ends[1], "b", 1), 1);
    loop_run(loop);
    assert_string_equal(trail, "x");
    close_pipe(first.watch.loop == loop ? &first : &second);
}

static void write_byte(struct watch *watch, uint32_t events)
{
    assert_true(events & EPOLLOUT);
    assert_int_equal(write(watch->fd, ".", 1), 1);
    note('w');
    watch_clear(watch);
}

static void a_watch_moves_to_other_events_and_descriptors(void **state)
{
    struct pipe_watch pair;
    struct watch writer;
    (void)state;
    open_pipe(&pair, read_byte);
    watch_init(&writer, loop, write_byte);
    watch_set(&writer, pair.ends[1], EPOLLIN); /* never readable */
    watch_set(&writer, pair.ends[1], EPOLLOUT);
    loop_run(loop);
    assert_string_equal(trail, "w.");
    close_pipe(&pair);
}

static void a_closed_descriptor_may_be_cleared_late(void **state)
{
    struct pipe_watch pair;
    struct lettered_timer stop = {.letter = '.'};
    (void)state;
    open_pipe(&pair, read_byte);
    close(pair.ends[0]);
    close(pair.ends[1]);
    watch_clear(&pair.watch);
    timer_init(&stop.timer, note_and_stop);
    timer_set(loop, &stop.timer, 0);
    loop_run(loop);
    assert_string_equal(trail, ".");
}

/* --- The inbox --- */

#define THREADS 4
#define EACH 20000

struct numbered_job {
    struct job job;
    unsigned thread, number;
};

static struct numbered_job jobs[THREADS][EACH];
static unsigned next_number[THREADS], received;

static void receive(struct job *job)
{
    struct numbered_job *self = CONTAINER_OF(job, struct numbered_job, job);
    assert_int_equal(self->number, next_number[self->thread]);
    next_number[self->thread]++;
    if (++received == THREADS * EACH) loop_stop(loop);
}

static void *post_all(void *argument)
{
    struct numbered_job *mine = argument;
    for (unsigned i = 0; i < EACH; i++) loop_post(loop, &mine[i].job);
    return NULL;
}

static void posts_from_threads_arrive_in_their_order(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    for (unsigned thread = 0; thread < THREADS; thread++) {
        for (unsigned i = 0; i < EACH; i++) {
            jobs[thread][i] = (struct numbered_job){{.run = receive}, thread, i};
        }
        assert_int_equal(pthread_create(&threads[thread], NULL, post_all, jobs[thread]), 0);
    }
    loop_run(loop);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(received, THREADS * EACH);
}

static int rounds_left = 1000;

static void post_again(struct job *job)
{
    if (--rounds_left == 0) {
        loop_stop(loop);
    } else {
        loop_post(loop, job);
    }
}

static void a_job_may_post_itself(void **state)
{
    struct job job = {.run = post_again};
    (void)state;
    loop_post(loop, &job);
    loop_run(loop);
    assert_int_equal(rounds_left, 0);
}

static void *stop_loop(void *argument)
{
    loop_stop(loop);
    return argument;
}

static void stop_wakes_an_idle_loop(void **state)
{
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stop_loop, NULL), 0);
    loop_run(loop);
    pthread_join(thread, NULL);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(timers_run_in_order_of_time),
        LOOP_TEST(timers_can_be_moved_and_cleared),
        LOOP_TEST(a_timer_may_clear_one_that_is_due),
        LOOP_TEST(defers_run_once_per_setting),
        LOOP_TEST(the_turn_ends_with_defers),
        LOOP_TEST(watches_tell_of_events_until_they_are_handled),
        LOOP_TEST(a_cleared_watch_is_silent_within_the_turn),
        LOOP_TEST(a_watch_moves_to_other_events_and_descriptors),
        LOOP_TEST(a_closed_descriptor_may_be_cleared_late),
        LOOP_TEST(posts_from_threads_arrive_in_their_order),
        LOOP_TEST(a_job_may_post_itself),
        LOOP_TEST(stop_wakes_an_idle_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
