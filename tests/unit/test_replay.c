/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of what was seen: once only, for a window's time, within its bound, and by many threads.
 */
#include "auth/replay.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "core/check.h"

#define WINDOW 1000

static enum replay_answer note(struct replay *replay, uint32_t id, int64_t now_ms)
{
    struct digest digest = {{0}};
    memcpy(digest.bytes, &id, sizeof(id));
    return replay_note(replay, &digest, now_ms);
}

static void takes_everything_once(void **state)
{
    struct replay *replay = replay_new(WINDOW, 1 << 16);
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) assert_int_equal(note(replay, i, 0), REPLAY_NEW);
    for (uint32_t i = 0; i < 20000; i++) assert_int_equal(note(replay, i, 0), REPLAY_SEEN);
    replay_free(replay);
}

/* Whenever in a window it came, it is known for one more, and gone after two. */
static void remembers_for_a_window(void **state)
{
    (void)state;
    for (int64_t at = 0; at < WINDOW; at += 99) {
        struct replay *replay = replay_new(WINDOW, 4096);
        for (uint32_t i = 0; i < 256; i++)
            note(replay, 1000 + i, 0); /* so that every shard's window begins */
        assert_int_equal(note(replay, 2, at), REPLAY_NEW);
        assert_int_equal(note(replay, 2, at + WINDOW - 1), REPLAY_SEEN);
        assert_int_equal(note(replay, 3, at + WINDOW - 1), REPLAY_NEW);
        assert_int_equal(note(replay, 2, at + 2 * WINDOW), REPLAY_NEW);
        replay_free(replay);
    }
}

static void forgets_after_a_pause(void **state)
{
    struct replay *replay = replay_new(WINDOW, 64);
    (void)state;
    assert_int_equal(note(replay, 1, -5), REPLAY_NEW);
    assert_int_equal(note(replay, 1, 2 * WINDOW), REPLAY_NEW);
    assert_int_equal(note(replay, 1, 100 * WINDOW), REPLAY_NEW);
    assert_int_equal(note(replay, 1, 100 * WINDOW), REPLAY_SEEN);
    replay_free(replay);
}

static size_t count_new(struct replay *replay, uint32_t first, int64_t now_ms)
{
    size_t count = 0;
    for (uint32_t i = 0; i < 4000; i++) count += note(replay, first + i, now_ms) == REPLAY_NEW;
    return count;
}

static void says_when_it_is_full(void **state)
{
    struct replay *replay = replay_new(WINDOW, 160);
    (void)state;
    assert_int_equal(count_new(replay, 0, 0), 160);
    assert_int_equal(note(replay, 100000, 0), REPLAY_FULL);
    assert_int_equal(count_new(replay, 0, WINDOW), 160); /* the others have their turn */
    assert_int_equal(note(replay, 100000, WINDOW), REPLAY_FULL);
    replay_free(replay);
}

struct crowd {
    struct replay *replay;
    atomic_size_t taken;
};

static void *note_all(void *context)
{
    struct crowd *crowd = context;
    for (uint32_t i = 0; i < 5000; i++) {
        if (note(crowd->replay, i, 0) == REPLAY_NEW) atomic_fetch_add(&crowd->taken, 1);
    }
    return NULL;
}

static void many_threads_take_it_once(void **state)
{
    pthread_t threads[4];
    struct crowd crowd = {.replay = replay_new(WINDOW, 1 << 16)};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, note_all, &crowd), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&crowd.taken), 5000);
    replay_free(crowd.replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_everything_once),
        cmocka_unit_test(remembers_for_a_window),
        cmocka_unit_test(forgets_after_a_pause),
        cmocka_unit_test(says_when_it_is_full),
        cmocka_unit_test(many_threads_take_it_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
