/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing: what comes back, what two keys allow, and that no byte, context or key may differ.
 */
#include "core/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define TOO_LONG "_______________________________________________________________"
#define KEY_C "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"
#define OVERHEAD ((size_t)1 + 4 + 12 + 16)
#define CONTEXT SLICE("session")

static struct seal read_keys(const char *text)
{
    struct seal seal;
    assert_true(seal_read(&seal, slice_of(text)));
    return seal;
}

/* True when it opens to exactly `plain`; what was in the buffer before stays. */
static bool opens_to(
    const char *keys, struct slice context, struct slice sealed, struct slice plain)
{
    struct seal seal = read_keys(keys);
    CLEANUP(buf_deinit)
    struct buf out;
    buf_init(&out, 1 << 16);
    buf_put_text(&out, "before");
    bool opened = seal_open(&seal, context, sealed, &out);
    struct slice got = buf_slice(&out);
    assert_true(slice_starts(got, SLICE("before")));
    if (!opened) assert_int_equal(got.len, 6);
    return opened && slice_equal(slice_skip(got, 6), plain);
}

static struct buf close_text(const char *keys, struct slice plain)
{
    struct seal seal = read_keys(keys);
    struct buf out;
    buf_init(&out, 1 << 16);
    seal_close(&seal, CONTEXT, plain, &out);
    assert_true(buf_ok(&out));
    assert_int_equal(out.len, plain.len + OVERHEAD);
    return out;
}

static void reads_one_or_two_keys(void **state)
{
    (void)state;
    assert_int_equal(read_keys(KEY_A).count, 1);
    assert_int_equal(read_keys(KEY_A "," KEY_C).count, 2);
    assert_int_equal(read_keys(KEY_A ", " KEY_C).count, 2);
    struct seal seal = read_keys(KEY_A "," KEY_C);
    assert_int_equal(seal.keys[0][31], 0x1f);
    assert_int_equal(seal.keys[1][0], 0x20);
}

static void refuses_other_keys(void **state)
{
    static const char *const texts[] = {"", ",", KEY_A ",", "," KEY_A, KEY_A "," KEY_C "," KEY_A,
        "AAEC", TOO_LONG, KEY_A "A", KEY_A "=", KEY_A "\n", "short",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+", "000102030405060708090a0b0c0d0e0f"};
    struct seal seal;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (seal_read(&seal, slice_of(texts[i]))) fail_msg("taken: %s", texts[i]);
    }
}

static void what_is_sealed_opens_again(void **state)
{
    static const struct slice plains[] = {
        {"", 0}, {NULL, 0}, {"x", 1}, {"a text with a \0 in it", 21}, {KEY_A KEY_A KEY_A, 129}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(plains); i++) {
        struct buf sealed = close_text(KEY_A, plains[i]);
        assert_true(opens_to(KEY_A, CONTEXT, buf_slice(&sealed), plains[i]));
        assert_false(opens_to(KEY_C, CONTEXT, buf_slice(&sealed), plains[i]));
        assert_false(opens_to(KEY_A, SLICE("sessions"), buf_slice(&sealed), plains[i]));
        assert_false(opens_to(KEY_A, SLICE(""), buf_slice(&sealed), plains[i]));
        buf_deinit(&sealed);
    }
}

static void no_two_seals_are_alike(void **state)
{
    (void)state;
    struct buf one = close_text(KEY_A, SLICE("the same")),
               other = close_text(KEY_A, SLICE("the same"));
    assert_false(slice_equal(buf_slice(&one), buf_slice(&other)));
    buf_deinit(&one);
    buf_deinit(&other);
}

static void no_byte_may_differ(void **state)
{
    (void)state;
    struct buf sealed = close_text(KEY_A, SLICE("plain"));
    for (size_t i = 0; i < sealed.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            sealed.ptr[i] = (char)(sealed.ptr[i] ^ 1 << bit);
            assert_false(opens_to(KEY_A, CONTEXT, buf_slice(&sealed), SLICE("plain")));
            sealed.ptr[i] = (char)(sealed.ptr[i] ^ 1 << bit);
        }
        struct slice cut = {sealed.ptr, i}, behind = slice_skip(buf_slice(&sealed), i + 1);
        assert_false(opens_to(KEY_A, CONTEXT, cut, SLICE("plain")));
        assert_false(opens_to(KEY_A, CONTEXT, behind, SLICE("plain")));
    }
    assert_true(opens_to(KEY_A, CONTEXT, buf_slice(&sealed), SLICE("plain")));
    buf_put_char(&sealed, 'x');
    assert_false(opens_to(KEY_A, CONTEXT, buf_slice(&sealed), SLICE("plain")));
    buf_deinit(&sealed);
}

/* The way of a change: old alone, new before old, new alone. */
static void the_first_key_seals_and_both_open(void **state)
{
    (void)state;
    struct buf old = close_text(KEY_A, SLICE("old")),
               new = close_text(KEY_C "," KEY_A, SLICE("new"));
    assert_true(opens_to(KEY_C "," KEY_A, CONTEXT, buf_slice(&old), SLICE("old")));
    assert_true(opens_to(KEY_C "," KEY_A, CONTEXT, buf_slice(&new), SLICE("new")));
    assert_true(opens_to(KEY_C, CONTEXT, buf_slice(&new), SLICE("new")));
    assert_false(opens_to(KEY_A, CONTEXT, buf_slice(&new), SLICE("new")));
    assert_false(opens_to(KEY_C, CONTEXT, buf_slice(&old), SLICE("old")));
    buf_deinit(&old);
    buf_deinit(&new);
}

static void a_text_is_the_same_in_base64url(void **state)
{
    struct arena arena;
    struct buf plain;
    struct seal seal = read_keys(KEY_A);
    (void)state;
    arena_init(&arena, 1 << 16);
    buf_init(&plain, 64);
    struct slice text = seal_text(&seal, CONTEXT, SLICE("plain"), &arena);
    assert_int_equal(text.len, ((5 + OVERHEAD) * 4 + 2) / 3);
    assert_true(seal_open_text(&seal, CONTEXT, text, &plain));
    assert_true(slice_equal(buf_slice(&plain), SLICE("plain")));
    assert_false(seal_open_text(&seal, SLICE("other"), text, &plain));
    assert_false(seal_open_text(&seal, CONTEXT, (struct slice){text.ptr, text.len - 1}, &plain));
    assert_false(seal_open_text(&seal, CONTEXT, SLICE(""), &plain));
    assert_false(seal_open_text(&seal, CONTEXT, slice_absent(), &plain));
    assert_false(seal_open_text(&seal, CONTEXT, SLICE("a b"), &plain));
    buf_deinit(&plain);
    arena_deinit(&arena);
}

static void a_full_buffer_is_marked(void **state)
{
    struct seal seal = read_keys(KEY_A);
    struct buf small, sealed = close_text(KEY_A, SLICE("plain"));
    (void)state;
    buf_init(&small, 4);
    assert_false(seal_open(&seal, CONTEXT, buf_slice(&sealed), &small));
    buf_deinit(&small);
    buf_init(&small, 5 + OVERHEAD - 1);
    seal_close(&seal, CONTEXT, SLICE("plain"), &small);
    assert_false(buf_ok(&small));
    buf_deinit(&small);
    buf_deinit(&sealed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one_or_two_keys),
        cmocka_unit_test(refuses_other_keys),
        cmocka_unit_test(what_is_sealed_opens_again),
        cmocka_unit_test(no_two_seals_are_alike),
        cmocka_unit_test(no_byte_may_differ),
        cmocka_unit_test(the_first_key_seals_and_both_open),
        cmocka_unit_test(a_text_is_the_same_in_base64url),
        cmocka_unit_test(a_full_buffer_is_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
