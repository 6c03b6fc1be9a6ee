/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation completes once, on its home loop, never inside the call that completes it.
 */
#include "net/op.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OPS 2000

static struct {
    struct loop *loop;
    pthread_t home;
    struct op ops[OPS];
    unsigned times[OPS];
    size_t done;
    bool inside; /* op_complete() is running on the home thread */
} run;

static void done(struct op *op)
{
    size_t index = (size_t)(op - run.ops);
    assert_false(run.inside);
    assert_false(op->pending);
    assert_true(pthread_equal(pthread_self(), run.home));
    assert_int_equal(op->err, index % 2 ? ERR_BUSY : ERR_OK);
    run.times[index]++;
    if (++run.done == OPS) loop_stop(run.loop);
}

static void start_all(void)
{
    memset(&run, 0, sizeof(run));
    run.loop = loop_new();
    run.home = pthread_self();
    for (size_t i = 0; i < OPS; i++) op_start(&run.ops[i], run.loop, done);
    assert_true(run.ops[0].pending);
}

static void expect_each_once(void)
{
    for (size_t i = 0; i < OPS; i++) assert_int_equal(run.times[i], 1);
    loop_free(run.loop);
}

static void complete_from_defer(struct defer *defer)
{
    (void)defer;
    run.inside = true;
    for (size_t i = 0; i < OPS; i++) op_complete(&run.ops[i], i % 2 ? ERR_BUSY : ERR_OK);
    run.inside = false;
}

static void completes_in_a_later_turn(void **state)
{
    struct defer defer;
    (void)state;
    start_all();
    defer_init(&defer, complete_from_defer);
    defer_set(run.loop, &defer);
    loop_run(run.loop);
    expect_each_once();
}

static struct {
    struct loop *loop;
    struct op op;
    bool done;
} elsewhere;

static void done_elsewhere(struct op *op)
{
    assert_int_equal(op->err, ERR_UNAVAILABLE);
    elsewhere.done = true;
    loop_stop(elsewhere.loop);
}

/* One operation of another home stands in the middle of the list. */
static void a_list_completes_at_each_home(void **state)
{
    (void)state;
    start_all();
    elsewhere.loop = loop_new();
    op_start(&elsewhere.op, elsewhere.loop, done_elsewhere);
    elsewhere.op.err = ERR_UNAVAILABLE;
    for (size_t i = 0; i < OPS; i++) {
        run.ops[i].err = i % 2 ? ERR_BUSY : ERR_OK;
        run.ops[i].job.next = i + 1 < OPS ? &run.ops[i + 1].job : NULL;
    }
    elsewhere.op.job.next = run.ops[OPS / 2].job.next;
    run.ops[OPS / 2].job.next = &elsewhere.op.job;
    op_complete_list(&run.ops[0].job);
    loop_run(run.loop);
    assert_false(elsewhere.done);
    loop_run(elsewhere.loop);
    assert_true(elsewhere.done);
    loop_free(elsewhere.loop);
    expect_each_once();
}

#define THREADS 4

static void *complete_part(void *argument)
{
    size_t from = (size_t)((struct op *)argument - run.ops);
    for (size_t i = from; i < OPS; i += THREADS) {
        op_complete(&run.ops[i], i % 2 ? ERR_BUSY : ERR_OK);
    }
    return NULL;
}

static void completes_from_any_thread(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    start_all();
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, complete_part, &run.ops[i]), 0);
    }
    loop_run(run.loop);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    expect_each_once();
}

static struct {
    struct loop *loop;
    struct op op;
    unsigned times;
} chain;

static void done_starts_again(struct op *op)
{
    if (++chain.times == 100) {
        loop_stop(chain.loop);
        return;
    }
    op_start(op, chain.loop, done_starts_again);
    op_complete(op, ERR_OK);
}

static void an_operation_may_start_again_in_done(void **state)
{
    (void)state;
    chain.loop = loop_new();
    op_start(&chain.op, chain.loop, done_starts_again);
    op_complete(&chain.op, ERR_OK);
    loop_run(chain.loop);
    assert_int_equal(chain.times, 100);
    loop_free(chain.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(completes_in_a_later_turn),
        cmocka_unit_test(a_list_completes_at_each_home),
        cmocka_unit_test(completes_from_any_thread),
        cmocka_unit_test(an_operation_may_start_again_in_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
