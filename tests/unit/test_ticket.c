/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets of sign-ins: what comes back is what went out, sealed by us, and nothing else opens.
 */
#include "auth/ticket.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "auth/return_path.h"
#include "core/digest.h"

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

static struct slice make(struct ticket *ticket, struct slice path)
{
    ticket_make(ticket, 2, path, NOW, &arena);
    return ticket_seal(ticket, &seal, &arena);
}

static void comes_back_whole(void **state)
{
    struct ticket made, read;
    (void)state;
    struct slice text = make(&made, SLICE("/orders?x=1"));
    assert_true(ticket_open(&read, &seal, text, &arena));
    assert_int_equal(read.issuer, 2);
    assert_int_equal(read.expires_at, NOW + 600000);
    assert_true(slice_equal(read.state, made.state));
    assert_true(slice_equal(read.nonce, made.nonce));
    assert_true(slice_equal(read.verifier, made.verifier));
    assert_true(slice_equal(read.return_path, SLICE("/orders?x=1")));
}

static void is_random(void **state)
{
    struct ticket a, b;
    (void)state;
    make(&a, SLICE("/"));
    make(&b, SLICE("/"));
    assert_int_equal(
        a.state.len, 43); /* 32 bytes; a verifier has at least 43 characters (RFC 7636 §4.1) */
    assert_int_equal(a.nonce.len, 43);
    assert_int_equal(a.verifier.len, 43);
    assert_false(slice_equal(a.state, b.state));
    assert_false(slice_equal(a.nonce, b.nonce));
    assert_false(slice_equal(a.verifier, b.verifier));
    assert_false(slice_equal(a.state, a.nonce));
    assert_false(slice_equal(a.nonce, a.verifier));
}

static void tells_nothing(void **state)
{
    struct buf bytes;
    struct ticket ticket;
    (void)state;
    struct slice text = make(&ticket, SLICE("/orders"));
    buf_init(&bytes, TICKET_MAX);
    assert_true(base64url_decode(text, &bytes));
    assert_null(memmem(bytes.ptr, bytes.len, ticket.nonce.ptr, ticket.nonce.len));
    assert_null(memmem(bytes.ptr, bytes.len, "/orders", 7));
    buf_deinit(&bytes);
}

static void fits_a_cookie_with_the_longest_path(void **state)
{
    struct ticket ticket;
    char path[RETURN_PATH_MAX];
    (void)state;
    memset(path, '/', sizeof(path)); /* which JSON may escape */
    struct slice text = make(&ticket, (struct slice){path, sizeof(path)});
    assert_true(text.len <= TICKET_MAX);
    assert_true(ticket_open(&ticket, &seal, text, &arena));
}

static void opens_nothing_else(void **state)
{
    static const struct seal other = {.keys = {{2}}, .count = 1}, none = {.count = 0};
    struct ticket ticket;
    (void)state;
    struct slice text = make(&ticket, SLICE("/"));
    assert_false(ticket_open(&ticket, &other, text, &arena));
    assert_false(ticket_open(&ticket, &none, text, &arena));
    assert_false(ticket_open(&ticket, &seal, slice_absent(), &arena));
    assert_false(ticket_open(&ticket, &seal, SLICE(""), &arena));
    assert_false(ticket_open(&ticket, &seal, SLICE("!"), &arena));
    assert_false(ticket_open(&ticket, &seal, slice_skip(text, 1), &arena));
    for (size_t i = 0; i < text.len; i++) {
        char *changed = (char *)arena_copy(&arena, text).ptr;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_false(ticket_open(&ticket, &seal, slice_of(changed), &arena));
    }
}

/* What was sealed for something else, such as a session's tokens, is no ticket. */
static void opens_only_tickets(void **state)
{
    struct buf sealed, text;
    struct ticket ticket;
    (void)state;
    buf_init(&sealed, 256);
    buf_init(&text, 256);
    seal_close(&seal, SLICE("tokens"), SLICE("{}"), &sealed);
    buf_put_base64url(&text, buf_slice(&sealed));
    assert_false(ticket_open(&ticket, &seal, buf_slice(&text), &arena));
    buf_deinit(&sealed);
    buf_deinit(&text);
}

/* RFC 7636 Appendix B. */
static void challenges_by_s256(void **state)
{
    const struct ticket ticket = {.verifier = SLICE("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")};
    (void)state;
    assert_true(slice_equal(
        ticket_challenge(&ticket, &arena), SLICE("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_whole),
        cmocka_unit_test(is_random),
        cmocka_unit_test(tells_nothing),
        cmocka_unit_test(fits_a_cookie_with_the_longest_path),
        cmocka_unit_test(opens_nothing_else),
        cmocka_unit_test(opens_only_tickets),
        cmocka_unit_test(challenges_by_s256),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
