/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors come back as they went out, and no other text is one.
 */
#include "api/cursor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "request_fixture.h"
#include "store/driver.h"

static const char *secret_text = "a secret of this database";

static struct slice secret_of(const struct store *store)
{
    (void)store;
    return slice_of(secret_text);
}

static const struct store_driver driver = {.secret = secret_of};
static struct store store = {&driver};
static struct api api = {.store = &store};
static struct api_worker worker = {.api = &api};

static const struct cursor cursor = {{1769846400000, {{1, 2, 3, 4, 5, 6, 7, 8, 9}}}, 250};

static void set_up(struct req *rq)
{
    request_init(rq);
    rq->app = &worker;
    secret_text = "a secret of this database";
}

static struct store_list orders_of(const char *customer)
{
    return (struct store_list){
        .base.verb = STORE_ORDER_LIST, .customer = slice_of(customer), .to = INT64_MAX};
}

static void comes_back(void **state)
{
    struct req rq;
    struct cursor back = {0};
    struct store_list list = orders_of("C1");
    (void)state;
    set_up(&rq);
    struct slice text = cursor_format(&rq, &list, &cursor);
    assert_true(cursor_parse(&rq, text, &list, &back));
    assert_memory_equal(&back, &cursor, sizeof(back));
    /* The size of a page is not bound, nor what a page may cost. */
    list.limit = 7;
    list.examine = list.count_max = 8;
    assert_true(cursor_parse(&rq, text, &list, &back));
    request_deinit(&rq);
}

static void cannot_be_changed(void **state)
{
    struct req rq;
    struct cursor back = {0};
    struct store_list list = orders_of("C1");
    (void)state;
    set_up(&rq);
    struct slice text = cursor_format(&rq, &list, &cursor);
    for (size_t i = 0; i < text.len * 8; i++) {
        char *copy = memory_text(arena_copy(&rq.arena, text).ptr);
        copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
        assert_false(cursor_parse(&rq, (struct slice){copy, text.len}, &list, &back));
        free(copy);
    }
    for (size_t len = 0; len < text.len; len++) {
        assert_false(cursor_parse(&rq, (struct slice){text.ptr, len}, &list, &back));
    }
    assert_int_equal(back.before, 0);
    request_deinit(&rq);
}

static void belongs_to_its_list(void **state)
{
    struct req rq;
    struct cursor back = {0};
    struct store_list own = orders_of("C1");
    struct store_list others[14];
    for (size_t i = 0; i < ARRAY_LEN(others); i++) others[i] = own;
    (void)state;
    set_up(&rq);
    struct slice text = cursor_format(&rq, &own, &cursor);
    others[0].base.verb = STORE_MESSAGE_LIST;
    others[1].customer = SLICE("C2");
    others[2].customer = slice_absent();
    others[3].from = 1;
    others[4].to = 1;
    others[5].by_state = true;
    others[6].by_order = true;
    others[7].subject = SLICE("clerk-1");
    others[8].record = SLICE("clerk-1");
    others[9].phone = SLICE("+254700000001");
    others[10].words = SLICE("flour");
    others[11].currency = SLICE("KES");
    others[12].least = 1;
    others[13].most = 1;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_false(cursor_parse(&rq, text, &others[i], &back));
    }
    request_deinit(&rq);
}

static void belongs_to_its_database(void **state)
{
    struct req rq;
    struct cursor back = {0};
    struct store_list list = orders_of("C1");
    (void)state;
    set_up(&rq);
    struct slice text = cursor_format(&rq, &list, &cursor);
    secret_text = "a secret of another one";
    assert_false(cursor_parse(&rq, text, &list, &back));
    request_deinit(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(cannot_be_changed),
        cmocka_unit_test(belongs_to_its_list),
        cmocka_unit_test(belongs_to_its_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
