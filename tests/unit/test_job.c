/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue: order, bound, batches, closing, and many threads at both ends.
 */
#include "net/job.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
    struct job job;
    unsigned number;
};

static void takes_in_order_up_to_a_batch(void **state)
{
    struct item items[5];
    size_t count;
    (void)state;
    struct queue *queue = queue_new(5);
    for (unsigned i = 0; i < 5; i++) {
        items[i].number = i;
        assert_true(queue_push(queue, &items[i].job));
    }
    assert_int_equal(queue_depth(queue), 5);
    struct job *job = queue_take(queue, 3, &count);
    assert_int_equal(count, 3);
    for (unsigned i = 0; i < 3; i++, job = job->next) {
        assert_int_equal(CONTAINER_OF(job, struct item, job)->number, i);
    }
    assert_null(job);
    assert_int_equal(queue_depth(queue), 2);
    job = queue_take(queue, 10, &count);
    assert_int_equal(count, 2);
    assert_ptr_equal(job, &items[3].job);
    assert_ptr_equal(job->next, &items[4].job);
    assert_int_equal(queue_depth(queue), 0);
    queue_free(queue);
}

static void refuses_past_its_limit(void **state)
{
    struct job jobs[3];
    size_t count;
    (void)state;
    struct queue *queue = queue_new(2);
    assert_true(queue_push(queue, &jobs[0]));
    assert_true(queue_push(queue, &jobs[1]));
    assert_false(queue_push(queue, &jobs[2]));
    assert_ptr_equal(queue_take(queue, 1, &count), &jobs[0]);
    assert_true(queue_push(queue, &jobs[2]));
    assert_ptr_equal(queue_take(queue, 2, &count), &jobs[1]);
    queue_free(queue);
}

static void closing_lets_takers_drain(void **state)
{
    struct job jobs[2];
    size_t count;
    (void)state;
    struct queue *queue = queue_new(2);
    assert_true(queue_push(queue, &jobs[0]));
    queue_close(queue);
    assert_false(queue_push(queue, &jobs[1]));
    assert_ptr_equal(queue_take(queue, 2, &count), &jobs[0]);
    assert_null(queue_take(queue, 2, &count));
    assert_int_equal(count, 0);
    queue_free(queue);
}

#define PUSHERS 4
#define TAKERS 3
#define EACH 20000

static struct {
    struct queue *queue;
    struct item items[PUSHERS][EACH];
    atomic_uint taken;
    atomic_uint times[PUSHERS * EACH];
} traffic;

static void *push_many(void *argument)
{
    struct item *items = argument;
    for (unsigned i = 0; i < EACH; i++) {
        items[i].number = (unsigned)(&items[i] - traffic.items[0]);
        while (!queue_push(traffic.queue, &items[i].job)) sched_yield();
    }
    return NULL;
}

static void *take_many(void *argument)
{
    struct job *job;
    size_t count;
    while ((job = queue_take(traffic.queue, 16, &count))) {
        check(count <= 16);
        traffic.taken += (unsigned)count;
        for (; job; job = job->next) traffic.times[CONTAINER_OF(job, struct item, job)->number]++;
    }
    return argument;
}

static void every_job_is_taken_once(void **state)
{
    pthread_t pushers[PUSHERS], takers[TAKERS];
    (void)state;
    traffic.queue = queue_new(100);
    for (size_t i = 0; i < TAKERS; i++) {
        assert_int_equal(pthread_create(&takers[i], NULL, take_many, NULL), 0);
    }
    for (size_t i = 0; i < PUSHERS; i++) {
        assert_int_equal(pthread_create(&pushers[i], NULL, push_many, traffic.items[i]), 0);
    }
    for (size_t i = 0; i < PUSHERS; i++) pthread_join(pushers[i], NULL);
    queue_close(traffic.queue);
    for (size_t i = 0; i < TAKERS; i++) pthread_join(takers[i], NULL);
    assert_int_equal(traffic.taken, PUSHERS * EACH);
    for (size_t i = 0; i < PUSHERS * EACH; i++) assert_int_equal(traffic.times[i], 1);
    queue_free(traffic.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_in_order_up_to_a_batch),
        cmocka_unit_test(refuses_past_its_limit),
        cmocka_unit_test(closing_lets_takers_drain),
        cmocka_unit_test(every_job_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
