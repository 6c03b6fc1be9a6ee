/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of waiting operations, and how long they wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/postgres/backlog.h"

static size_t expired;

static void count_expired(struct op *op)
{
    assert_int_equal(op->err, ERR_UNAVAILABLE);
    expired++;
}

static void comes_out_as_it_went_in(void **state)
{
    struct backlog backlog;
    struct store_op ops[3];
    (void)state;
    backlog_init(&backlog, BACKLOG_UNSURE_MS);
    assert_null(backlog_take(&backlog));
    backlog_put(&backlog, &ops[1]);
    backlog_put(&backlog, &ops[2]);
    backlog_put_first(&backlog, &ops[0]);
    assert_int_equal(backlog.count, 3);
    for (size_t i = 0; i < 3; i++) assert_ptr_equal(backlog_take(&backlog), &ops[i]);
    assert_int_equal(backlog.count, 0);
}

static void stop_loop(struct job *job);

static struct stopper {
    struct job job;
    struct loop *loop;
} stopper = {{NULL, stop_loop}, NULL};

static void stop_loop(struct job *job)
{
    (void)job;
    loop_stop(stopper.loop);
}

static void waits_longer_when_the_outcome_is_open(void **state)
{
    struct loop *loop = loop_new();
    struct backlog backlog;
    struct store_op fresh = {.since_ms = 1000}, late = {.since_ms = 1001},
                    unsure = {.since_ms = 1000, .tries = 1};
    struct store_op *ops[] = {&unsure, &fresh, &late};
    (void)state;
    backlog_init(&backlog, BACKLOG_UNSURE_MS);
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        op_start(&ops[i]->op, loop, count_expired);
        backlog_put(&backlog, ops[i]);
    }
    backlog_expire(&backlog, 1000 + STORE_WAIT_MS - 1);
    assert_int_equal(backlog.count, 3);
    backlog_expire(&backlog, 1000 + STORE_WAIT_MS);
    assert_int_equal(backlog.count, 2);
    backlog_expire(&backlog, 1000 + BACKLOG_UNSURE_MS);
    assert_int_equal(backlog.count, 0);
    stopper.loop = loop;
    loop_post(loop, &stopper.job);
    loop_run(loop);
    assert_int_equal(expired, 3);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_out_as_it_went_in),
        cmocka_unit_test(waits_longer_when_the_outcome_is_open),
    };
    return cmocka_run_group_tests_name("postgres_backlog", tests, NULL, NULL);
}
