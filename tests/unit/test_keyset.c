/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key sets: what stays in, what is left out, and which keys are tried for a token.
 */
#include "auth/keyset.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "token_maker.h"

static EVP_PKEY *rsa, *ec, *ed;

static int make_keys(void **state)
{
    (void)state;
    rsa = maker_key("RSA");
    ec = maker_key("P-256");
    ed = maker_key("ED25519");
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ed);
    return 0;
}

static struct keyset *parse(const char *text)
{
    const char *fault = NULL;
    struct keyset *keys = keyset_parse(slice_of(text), &fault);
    assert_int_equal(keys == NULL, fault != NULL);
    return keys;
}

/* Closes the list that `text` began, reads it, and empties `text`. */
static struct keyset *parse_list(struct buf *text)
{
    buf_put_text(text, "]}");
    buf_put_char(text, '\0');
    struct keyset *keys = parse(text->ptr);
    buf_deinit(text);
    return keys;
}

static struct buf begin_list(void)
{
    struct buf text;
    buf_init(&text, MAKER_MAX);
    buf_put_text(&text, "{\"keys\":[");
    return text;
}

static size_t select_keys(const struct keyset *keys, struct slice id, const char *algorithm)
{
    const struct key *found[KEYSET_TRIES];
    return keyset_select(keys, id, algorithm_find(slice_of(algorithm)), found);
}

static void bad_neighbours_are_left_out(void **state)
{
    struct buf text = begin_list();
    (void)state;
    maker_put_jwk(&text, rsa, ",\"kid\":\"a\"");
    buf_put_text(
        &text, ",null,{\"kty\":\"AKP\"},{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\"AAAA\"},7,");
    maker_put_jwk(&text, ec, ",\"kid\":\"b\",\"use\":\"enc\"");
    buf_put_text(&text, ",");
    maker_put_jwk(&text, ed, ",\"kid\":\"c\"");
    struct keyset *keys = parse_list(&text);
    assert_int_equal(keyset_count(keys), 2);
    assert_true(keyset_knows(keys, SLICE("a")));
    assert_false(keyset_knows(keys, SLICE("b")));
    assert_false(keyset_knows(keys, SLICE("s")));
    assert_true(keyset_knows(keys, SLICE("c")));
    assert_int_equal(select_keys(keys, SLICE("c"), "Ed25519"), 1);
    keyset_release(keys);
}

static void selects_by_identifier_and_kind(void **state)
{
    struct buf text = begin_list();
    (void)state;
    maker_put_jwk(&text, rsa, ",\"kid\":\"a\",\"alg\":\"RS256\"");
    buf_put_text(&text, ",");
    maker_put_jwk(&text, ec, ",\"kid\":\"b\"");
    struct keyset *keys = parse_list(&text);
    assert_int_equal(select_keys(keys, SLICE("a"), "RS256"), 1);
    assert_int_equal(select_keys(keys, SLICE("a"), "PS256"), 0);
    assert_int_equal(select_keys(keys, SLICE("a"), "ES256"), 0);
    assert_int_equal(select_keys(keys, SLICE("b"), "ES256"), 1);
    assert_int_equal(select_keys(keys, SLICE("b"), "ES384"), 0);
    assert_int_equal(select_keys(keys, SLICE("B"), "ES256"), 0);
    assert_int_equal(select_keys(keys, SLICE(""), "ES256"), 0);
    assert_int_equal(select_keys(keys, slice_absent(), "ES256"), 1);
    assert_int_equal(select_keys(keys, slice_absent(), "EdDSA"), 0);
    keyset_release(keys);
}

static void tries_all_keys_of_one_name_but_never_many(void **state)
{
    struct buf text = begin_list();
    (void)state;
    for (int i = 0; i < 6; i++) {
        if (i > 0) buf_put_text(&text, ",");
        maker_put_jwk(&text, i % 2 ? ec : rsa, i < 4 ? ",\"kid\":\"a\"" : "");
    }
    struct keyset *keys = parse_list(&text);
    assert_int_equal(keyset_count(keys), 6);
    assert_int_equal(select_keys(keys, SLICE("a"), "RS256"), 2);
    assert_int_equal(select_keys(keys, slice_absent(), "RS256"), 3);
    /* An empty name is not the name of those without one. */
    assert_false(keyset_knows(keys, SLICE("")));
    assert_int_equal(select_keys(keys, SLICE(""), "RS256"), 0);
    keyset_release(keys);

    text = begin_list();
    for (int i = 0; i < 9; i++) {
        if (i > 0) buf_put_text(&text, ",");
        maker_put_jwk(&text, ec, "");
    }
    keys = parse_list(&text);
    assert_int_equal(select_keys(keys, slice_absent(), "ES256"), KEYSET_TRIES);
    keyset_release(keys);
}

static void refuses_what_is_no_key_set(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "null", "7", "{}", "{\"keys\":{}}",
        "{\"keys\":null}", "{\"keys\":[]}x", "{\"keys\":[],\"keys\":[]}", "<html>", "\x1f\x8b\x08",
        "{\"keys\":[{\"kid\":\"\xff\"}]}", "{\"keys\":[[[[[[[[1]]]]]]]]}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) assert_null(parse(texts[i]));
    struct keyset *keys = parse("{\"keys\":[]}");
    assert_int_equal(keyset_count(keys), 0);
    assert_false(keyset_knows(keys, slice_absent()));
    keyset_release(keys);
}

static void bounds_the_number_of_keys(void **state)
{
    (void)state;
    for (int count = 64; count <= 65; count++) {
        struct buf text = begin_list();
        for (int i = 0; i < count; i++) {
            if (i > 0) buf_put_text(&text, ",");
            maker_put_jwk(&text, ed, "");
        }
        struct keyset *keys = parse_list(&text);
        assert_int_equal(keys != NULL, count == 64);
        keyset_release(keys);
    }
}

static void lives_until_the_last_release(void **state)
{
    struct buf text = begin_list();
    (void)state;
    maker_put_jwk(&text, ed, ",\"kid\":\"a\"");
    struct keyset *keys = parse_list(&text);
    assert_ptr_equal(keyset_hold(keys), keys);
    keyset_release(keys);
    assert_true(keyset_knows(keys, SLICE("a")));
    keyset_release(keys);
    keyset_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_neighbours_are_left_out),
        cmocka_unit_test(selects_by_identifier_and_kind),
        cmocka_unit_test(tries_all_keys_of_one_name_but_never_many),
        cmocka_unit_test(refuses_what_is_no_key_set),
        cmocka_unit_test(bounds_the_number_of_keys),
        cmocka_unit_test(lives_until_the_last_release),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
