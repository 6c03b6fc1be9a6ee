/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cookie of a session: what we make is read back to the same id, and nothing else is read (SE-03, SE-08).
 */
#include "api/session_cookie.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "request_fixture.h"

static enum err read_text(struct slice text, struct digest *id)
{
    struct req rq;
    request_init(&rq);
    struct field field = {
        SLICE("Cookie"), arena_format(&rq.arena, "a=b; __Host-agizo=%.*s", SLICE_ARG(text))};
    rq.fields = &field;
    rq.field_count = 1;
    enum err err = session_cookie_read(&rq, id);
    request_deinit(&rq);
    return err;
}

static void reads_what_was_made(void **state)
{
    struct arena arena;
    struct digest made, read, other;
    (void)state;
    arena_init(&arena, 4096);
    struct slice text = session_cookie_make(&arena, &made);
    assert_int_equal(text.len, 43);
    assert_int_equal(read_text(text, &read), ERR_OK);
    assert_memory_equal(&made, &read, sizeof(made));
    assert_false(slice_equal(text, session_cookie_make(&arena, &other)));
    assert_memory_not_equal(&made, &other, sizeof(made));
    arena_deinit(&arena);
}

static void knows_it_by_its_hash(void **state)
{
    /* 32 zero bytes; SHA-256 of them. */
    static const uint8_t expected[] = {0x66, 0x68, 0x7a, 0xad, 0xf8, 0x62, 0xbd, 0x77, 0x6c, 0x8f,
        0xc1, 0x8b, 0x8e, 0x9f, 0x8e, 0x20, 0x08, 0x97, 0x14, 0x85, 0x6e, 0xe2, 0x33, 0xb3, 0x90,
        0x2a, 0x59, 0x1d, 0x0d, 0x5f, 0x29, 0x25};
    struct digest id;
    (void)state;
    assert_int_equal(read_text(SLICE("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), &id), ERR_OK);
    assert_memory_equal(id.bytes, expected, sizeof(expected));
}

static void refuses_garbage(void **state)
{
    static const char *const rows[] = {
        "",
        "A",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+A",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA A",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct digest id;
        assert_int_equal(read_text(slice_of(rows[i]), &id), ERR_NO_SESSION);
    }
}

static void refuses_two_and_tells_none(void **state)
{
    struct req rq;
    struct digest id;
    struct field field = {
        SLICE("Cookie"), SLICE("__Host-agizo=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; "
                               "__Host-agizo=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")};
    (void)state;
    request_init(&rq);
    rq.fields = &field;
    assert_int_equal(session_cookie_read(&rq, &id), ERR_NO_CREDENTIALS);
    rq.field_count = 1;
    assert_int_equal(session_cookie_read(&rq, &id), ERR_AMBIGUOUS_CREDENTIALS);
    request_deinit(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_made),
        cmocka_unit_test(knows_it_by_its_hash),
        cmocka_unit_test(refuses_garbage),
        cmocka_unit_test(refuses_two_and_tells_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
