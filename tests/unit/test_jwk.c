/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JWKs that are taken, and all the ways in which one is not.
 */
#include "auth/jwk.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/json.h"
#include "token_maker.h"

/* The modulus of RFC 7515 A.2 and the point of A.3. */
#define MODULUS                                                                                    \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
/* The same point, cut one byte earlier. */
#define SHORT_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA"
#define LONG_Y "RcfxRM0bvZt-hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt"
#define RSA_KEY "\"kty\":\"RSA\",\"n\":\"" MODULUS "\",\"e\":\"AQAB\""
#define EC_KEY "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\""
#define OKP_KEY                                                                                    \
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""

static const char *read_text(const char *text, struct key *key)
{
    const char *fault;
    CLEANUP(json_release)
    json_t *jwk = json_decode(slice_of(text), 8, &fault);
    assert_non_null(jwk);
    return jwk_read(jwk, key);
}

static void takes_good_keys(void **state)
{
    static const struct {
        const char *text;
        enum key_kind kind;
    } rows[] = {
        {"{" RSA_KEY "}", KEY_RSA},
        {"{" RSA_KEY ",\"alg\":\"PS256\",\"use\":\"sig\",\"kid\":\"a\"}", KEY_RSA},
        {"{" RSA_KEY ",\"key_ops\":[\"sign\",\"verify\"],\"x5c\":[\"MII\"],\"own\":{}}", KEY_RSA},
        {"{" EC_KEY ",\"kid\":\"\",\"alg\":\"ES256\"}", KEY_P256},
        {"{" OKP_KEY ",\"alg\":\"EdDSA\"}", KEY_ED25519},
        {"{" OKP_KEY ",\"alg\":\"Ed25519\"}", KEY_ED25519},
    };
    struct key key;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_null(read_text(rows[i].text, &key));
        assert_int_equal(key.kind, rows[i].kind);
        assert_non_null(key.pkey);
        key_deinit(&key);
    }
}

static void takes_every_curve(void **state)
{
    static const char *const names[] = {"P-256", "P-384", "P-521", "ED25519", "RSA"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        EVP_PKEY *made = maker_key(names[i]);
        struct key key;
        struct buf text;
        buf_init(&text, 4096);
        maker_put_jwk(&text, made, ",\"kid\":\"k\"");
        buf_put_char(&text, '\0');
        assert_null(read_text(text.ptr, &key));
        assert_int_equal(EVP_PKEY_eq(made, key.pkey), 1);
        assert_true(slice_equal(key.id, SLICE("k")));
        key_deinit(&key);
        buf_deinit(&text);
        EVP_PKEY_free(made);
    }
}

static void refuses_bad_keys(void **state)
{
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {"[]", "not an object"},
        {"\"RSA\"", "not an object"},
        {"{}", "unknown kind"},
        {"{\"kty\":\"AKP\"}", "unknown kind"},
        {"{\"kty\":\"AKP\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}", "unknown kind"},
        {"{\"kty\":1}", "unknown kind"},
        {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", "shared secret"},
        {"{" RSA_KEY ",\"d\":\"AAAA\"}", "private key"},
        {"{" EC_KEY ",\"d\":null}", "private key"},
        {"{" OKP_KEY ",\"d\":\"AAAA\"}", "private key"},
        {"{" RSA_KEY ",\"k\":\"AAAA\"}", "private key"},
        {"{" RSA_KEY ",\"p\":\"AAAA\"}", "private key"},
        {"{" RSA_KEY ",\"oth\":[]}", "private key"},
        {"{" RSA_KEY ",\"use\":\"enc\"}", "not for signatures"},
        {"{" RSA_KEY ",\"use\":7}", "not for signatures"},
        {"{" RSA_KEY ",\"key_ops\":[\"encrypt\"]}", "not for verification"},
        {"{" RSA_KEY ",\"key_ops\":[]}", "not for verification"},
        {"{" RSA_KEY ",\"key_ops\":\"verify\"}", "not for verification"},
        {"{" RSA_KEY ",\"alg\":\"RSA-OAEP\"}", "unknown algorithm"},
        {"{" RSA_KEY ",\"alg\":\"none\"}", "unknown algorithm"},
        {"{" RSA_KEY ",\"alg\":\"HS256\"}", "unknown algorithm"},
        {"{" RSA_KEY ",\"alg\":256}", "unknown algorithm"},
        {"{" RSA_KEY ",\"alg\":\"ES256\"}", "algorithm of another kind"},
        {"{" EC_KEY ",\"alg\":\"ES384\"}", "algorithm of another kind"},
        {"{" OKP_KEY ",\"alg\":\"RS256\"}", "algorithm of another kind"},
        {"{" RSA_KEY ",\"kid\":7}", "malformed identifier"},
        {"{\"kty\":\"RSA\",\"n\":\"" MODULUS "\"}", "malformed number"},
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\"}", "malformed number"},
        {"{\"kty\":\"RSA\",\"n\":\"" MODULUS "=\",\"e\":\"AQAB\"}", "malformed number"},
        {"{\"kty\":\"RSA\",\"n\":\"" MODULUS "\",\"e\":\"A\"}", "malformed number"},
        {"{\"kty\":\"RSA\",\"n\":\"" MODULUS "\",\"e\":65537}", "malformed number"},
        {"{\"kty\":\"RSA\",\"n\":\"" X "\",\"e\":\"AQAB\"}", "modulus size"},
        {"{\"kty\":\"RSA\",\"n\":\"" MODULUS "\",\"e\":\"AQ\"}", "exponent"},
        {"{\"kty\":\"RSA\",\"n\":\"" MODULUS "\",\"e\":\"AA\"}", "exponent"},
        {"{\"kty\":\"RSA\",\"n\":\"" MODULUS "\",\"e\":\"Ag\"}", "exponent"},
        {"{\"kty\":\"RSA\",\"n\":\"" MODULUS "\",\"e\":\"AQAAAAE\"}", "exponent size"},
        {"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X "\",\"y\":\"" Y "\"}", "unknown kind"},
        {"{\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"" Y "\"}", "unknown kind"},
        {"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X "\",\"y\":\"" Y "\"}", "malformed point"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}", "malformed point"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"" Y "\"}", "malformed point"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"AA\"}", "malformed point"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" SHORT_X "\",\"y\":\"" LONG_Y "\"}",
            "malformed point"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" Y "\",\"y\":\"" X "\"}",
            "point off its curve"},
        {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X "\"}", "unknown kind"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" X "\"}", "unknown kind"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "malformed key"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "malformed key"},
    };
    struct key key;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *fault = read_text(rows[i].text, &key);
        assert_non_null(fault);
        assert_string_equal(fault, rows[i].fault);
        assert_null(key.pkey);
    }
}

/* 2047, 2048, 8192 and 8200 bits; an even modulus. */
static void bounds_the_modulus(void **state)
{
    static const struct {
        size_t len;
        unsigned char first, last;
        const char *fault;
    } rows[] = {{256, 0x7f, 1, "modulus size"}, {256, 0x80, 1, NULL}, {1024, 0x80, 1, NULL},
        {1025, 0x01, 1, "modulus size"}, {1026, 0x01, 1, "malformed number"},
        {256, 0x80, 2, "even modulus"}, {257, 0, 1, NULL}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsigned char modulus[1026];
        struct key key;
        struct buf text;
        memset(modulus, 0xa5, sizeof(modulus));
        modulus[0] = rows[i].first;
        modulus[rows[i].len - 1] = rows[i].last;
        buf_init(&text, 4096);
        buf_put_text(&text, "{\"kty\":\"RSA\",\"e\":\"Aw\",\"n\":\"");
        buf_put_base64url(&text, (struct slice){(char *)modulus, rows[i].len});
        buf_put(&text, (struct slice){"\"}", 3});
        const char *fault = read_text(text.ptr, &key);
        if (rows[i].fault) {
            assert_string_equal(fault, rows[i].fault);
        } else {
            assert_null(fault);
        }
        key_deinit(&key);
        buf_deinit(&text);
    }
}

static void fits_only_its_own_algorithms(void **state)
{
    struct key key;
    (void)state;
    assert_null(read_text("{" RSA_KEY "}", &key));
    assert_true(key_fits(&key, algorithm_find(SLICE("RS256"))));
    assert_true(key_fits(&key, algorithm_find(SLICE("PS512"))));
    assert_false(key_fits(&key, algorithm_find(SLICE("ES256"))));
    key_deinit(&key);
    assert_null(read_text("{" RSA_KEY ",\"alg\":\"RS256\"}", &key));
    assert_true(key_fits(&key, algorithm_find(SLICE("RS256"))));
    assert_false(key_fits(&key, algorithm_find(SLICE("RS512"))));
    assert_false(key_fits(&key, algorithm_find(SLICE("PS256"))));
    key_deinit(&key);
    assert_null(read_text("{" OKP_KEY ",\"alg\":\"EdDSA\"}", &key));
    assert_true(key_fits(&key, algorithm_find(SLICE("Ed25519"))));
    assert_true(key_fits(&key, algorithm_find(SLICE("EdDSA"))));
    key_deinit(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_good_keys),
        cmocka_unit_test(takes_every_curve),
        cmocka_unit_test(refuses_bad_keys),
        cmocka_unit_test(bounds_the_modulus),
        cmocka_unit_test(fits_only_its_own_algorithms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
