/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published vectors (FIPS 180-2, RFC 4231, RFC 4648), and what base64url refuses.
 */
#include "core/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/random.h"

static void assert_hex(struct digest digest, const char *expected)
{
    char text[2 * DIGEST_LEN + 1];
    for (size_t i = 0; i < DIGEST_LEN; i++) snprintf(text + 2 * i, 3, "%02x", digest.bytes[i]);
    assert_string_equal(text, expected);
}

static void sha256_of_the_standard(void **state)
{
    (void)state;
    assert_hex(digest_sha256(SLICE("abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hex(digest_sha256(slice_absent()),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_hex(digest_sha256(SLICE("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void hmac_of_the_rfc(void **state)
{
    char key[131];
    (void)state;
    assert_hex(digest_hmac(SLICE("Jefe"), SLICE("what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    assert_hex(digest_hmac((struct slice){key, sizeof(key)},
                   SLICE("Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void lists_of_parts_do_not_collide(void **state)
{
    (void)state;
    struct digest ab_c = digest_parts((struct slice[]){SLICE("ab"), SLICE("c")}, 2);
    struct digest a_bc = digest_parts((struct slice[]){SLICE("a"), SLICE("bc")}, 2);
    struct digest abc = digest_parts((struct slice[]){SLICE("abc")}, 1);
    struct digest abc_empty = digest_parts((struct slice[]){SLICE("abc"), slice_absent()}, 2);
    struct digest again = digest_parts((struct slice[]){SLICE("ab"), SLICE("c")}, 2);
    assert_true(digest_equal_secret(&ab_c, &again));
    assert_false(digest_equal_secret(&ab_c, &a_bc));
    assert_false(digest_equal_secret(&ab_c, &abc));
    assert_false(digest_equal_secret(&abc, &abc_empty));
}

static void base64url_of_the_rfc(void **state)
{
    static const char *const rows[][2] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(buf_deinit)
        struct buf text;
        CLEANUP(buf_deinit)
        struct buf data;
        buf_init(&text, 100);
        buf_init(&data, 100);
        buf_put_base64url(&text, slice_of(rows[i][0]));
        assert_true(slice_equal(buf_slice(&text), slice_of(rows[i][1])));
        assert_true(base64url_decode(slice_of(rows[i][1]), &data));
        assert_true(slice_equal(buf_slice(&data), slice_of(rows[i][0])));
    }
}

static void base64url_is_strict(void **state)
{
    static const char *const bad[] = {"Z", "A", "AAAAA", "Zm9vY", "Zg==", "Zm8=", "Zm 8", "Zm8\n",
        "Zm+/", "Zh", "Zm9", "Zm9vYh", "\xc3\xa9"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CLEANUP(buf_deinit)
        struct buf data;
        buf_init(&data, 100);
        if (base64url_decode(slice_of(bad[i]), &data)) fail_msg("accepted %s", bad[i]);
    }
    CLEANUP(buf_deinit)
    struct buf small;
    buf_init(&small, 2);
    assert_false(base64url_decode(SLICE("Zm9v"), &small));
}

static void random_bytes_survive_base64url(void **state)
{
    char bytes[64];
    (void)state;
    for (size_t len = 0; len < sizeof(bytes); len++) {
        CLEANUP(buf_deinit)
        struct buf text;
        CLEANUP(buf_deinit)
        struct buf data;
        buf_init(&text, 100);
        buf_init(&data, 100);
        random_fill(bytes, len);
        buf_put_base64url(&text, (struct slice){bytes, len});
        assert_true(base64url_decode(buf_slice(&text), &data));
        assert_true(slice_equal(buf_slice(&data), (struct slice){bytes, len}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_the_standard),
        cmocka_unit_test(hmac_of_the_rfc),
        cmocka_unit_test(lists_of_parts_do_not_collide),
        cmocka_unit_test(base64url_of_the_rfc),
        cmocka_unit_test(base64url_is_strict),
        cmocka_unit_test(random_bytes_survive_base64url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
