/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version 7 identifiers in order, and the text form.
 */
#include "core/uuid.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/clock.h"

static void new_ones_rise_within_a_thread(void **state)
{
    struct uuid last = uuid_new();
    (void)state;
    /* Far more than the counter of one millisecond holds. */
    for (int i = 0; i < 100000; i++) {
        struct uuid next = uuid_new();
        assert_true(memcmp(last.bytes, next.bytes, sizeof(last.bytes)) < 0);
        assert_int_equal(next.bytes[6] >> 4, 7);
        assert_int_equal(next.bytes[8] >> 6, 2);
        last = next;
    }
}

/* A thread of its own, whose identifiers have not run ahead of the clock. */
static void *compare_with_clock(void *argument)
{
    int64_t before = clock_wall_ms(), ms = 0;
    struct uuid id = uuid_new();
    int64_t after = clock_wall_ms();
    for (int i = 0; i < 6; i++) ms = ms << 8 | id.bytes[i];
    *(bool *)argument = ms >= before && ms <= after;
    return NULL;
}

static void they_carry_the_time(void **state)
{
    pthread_t thread;
    bool good = false;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, compare_with_clock, &good), 0);
    pthread_join(thread, NULL);
    assert_true(good);
}

static void text_goes_both_ways(void **state)
{
    struct uuid id, back;
    char text[UUID_TEXT_LEN];
    CLEANUP(buf_deinit)
    struct buf buf;
    (void)state;
    buf_init(&buf, 100);
    assert_true(uuid_parse(SLICE("0190B3c4-5d6e-7F80-91a2-b3C4d5E6f708"), &id));
    uuid_format(id, text);
    assert_memory_equal(text, "0190b3c4-5d6e-7f80-91a2-b3c4d5e6f708", UUID_TEXT_LEN);
    assert_true(uuid_parse((struct slice){text, sizeof(text)}, &back));
    assert_true(uuid_equal(id, back));
    back.bytes[15] ^= 1;
    assert_false(uuid_equal(id, back));
    buf_put_uuid(&buf, id);
    assert_true(slice_equal(buf_slice(&buf), (struct slice){text, sizeof(text)}));
}

static void other_texts_are_refused(void **state)
{
    static const char *const bad[] = {"", "0190b3c4-5d6e-7f80-91a2-b3c4d5e6f70",
        "0190b3c4-5d6e-7f80-91a2-b3c4d5e6f7080", "0190b3c45d6e-7f80-91a2-b3c4d5e6f7080",
        "0190b3c4-5d6e-7f80-91a2_b3c4d5e6f708", "0190b3c4-5d6e-7f80-91a2-b3c4d5e6f70g",
        "{190b3c4-5d6e-7f80-91a2-b3c4d5e6f70}", "0190b3c45d6e7f8091a2b3c4d5e6f708",
        "-190b3c4-5d6e-7f80-91a2-b3c4d5e6f708", "0190b3c-45d6e-7f80-91a2-b3c4d5e6f708"};
    struct uuid id;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) assert_false(uuid_parse(slice_of(bad[i]), &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_ones_rise_within_a_thread),
        cmocka_unit_test(they_carry_the_time),
        cmocka_unit_test(text_goes_both_ways),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
