/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets of sign-outs: what comes back is what went out, it fits an address of ours, and nobody reads it.
 */
#include "auth/leave.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "auth/ticket.h"
#include "core/digest.h"
#include "http/limits.h"

#define NOW INT64_C(1800000000000)

static const struct seal seal = {.keys = {{1}}, .count = 1};
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void comes_back_whole(void **state)
{
    struct leave made, read;
    (void)state;
    leave_make(&made, SLICE("https://id.example/bye?a=\"b\"&id_token_hint=x.y.z"), NOW, &arena);
    assert_int_equal(made.secret.len, 43);
    assert_true(leave_open(&read, &seal, leave_seal(&made, &seal, &arena), &arena));
    assert_true(slice_equal(read.url, made.url));
    assert_true(slice_equal(read.secret, made.secret));
    assert_int_equal(read.expires_at, NOW + LEAVE_LIFE_MS);
}

static void tells_nothing(void **state)
{
    struct leave made;
    struct buf bytes;
    (void)state;
    leave_make(&made, SLICE("https://id.example/bye?id_token_hint=x.y.z"), NOW, &arena);
    struct slice text = leave_seal(&made, &seal, &arena);
    buf_init(&bytes, text.len);
    assert_true(base64url_decode(text, &bytes));
    assert_null(memmem(bytes.ptr, bytes.len, "x.y.z", 5));
    assert_null(memmem(bytes.ptr, bytes.len, made.secret.ptr, made.secret.len));
    buf_deinit(&bytes);
}

static void the_longest_fits_an_address(void **state)
{
    struct leave leave;
    char url[2 * LEAVE_URL_MAX];
    (void)state;
    memset(url, 'a', sizeof(url));
    leave_make(&leave, (struct slice){url, LEAVE_URL_MAX}, NOW, &arena);
    struct slice text = leave_seal(&leave, &seal, &arena);
    assert_true(slice_present(text));
    assert_true(text.len + sizeof("GET /auth/logout?ticket= HTTP/1.1") <= HTTP_TARGET_MAX);
    assert_true(leave_open(&leave, &seal, text, &arena));
    assert_int_equal(leave.url.len, LEAVE_URL_MAX);
    leave_make(&leave, (struct slice){url, sizeof(url)}, NOW, &arena);
    assert_false(slice_present(leave_seal(&leave, &seal, &arena)));
}

static void opens_nothing_else(void **state)
{
    struct leave leave;
    struct ticket ticket;
    (void)state;
    ticket_make(&ticket, 1, SLICE("/"), NOW, &arena);
    assert_false(leave_open(&leave, &seal, ticket_seal(&ticket, &seal, &arena), &arena));
    leave_make(&leave, SLICE("https://id.example/bye"), NOW, &arena);
    struct slice text = leave_seal(&leave, &seal, &arena);
    assert_false(ticket_open(&ticket, &seal, text, &arena));
    const struct seal other = {.keys = {{2}}, .count = 1};
    assert_false(leave_open(&leave, &other, text, &arena));
    assert_false(leave_open(&leave, &seal, slice_absent(), &arena));
    assert_false(leave_open(&leave, &seal, SLICE(""), &arena));
    assert_false(leave_open(&leave, &seal, slice_skip(text, 1), &arena));
    const char *const plain[] = {"", "{", "7"};
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        text = seal_text(&seal, SLICE("sign-out"), slice_of(plain[i]), &arena);
        bool opened = leave_open(&leave, &seal, text, &arena);
        assert_false(opened && slice_present(leave.secret)); /* and so nobody has it */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_whole),
        cmocka_unit_test(tells_nothing),
        cmocka_unit_test(the_longest_fits_an_address),
        cmocka_unit_test(opens_nothing_else),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
