/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures: the examples of the RFCs, every algorithm against itself, and forgeries.
 */
#include "auth/signature.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "auth/jwk.h"
#include "core/json.h"
#include "token_maker.h"

struct vector {
    const char *algorithm, *jwk, *input, *signature;
};

/* RFC 7515 A.2, A.3; RFC 8037 A.4. */
static const struct vector vectors[] = {
    {"RS256",
        "{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddx"
        "HmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ4"
        "7soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665"
        "xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethF"
        "kMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leG"
        "FtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt"
        "_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArL"
        "IARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7no"
        "OPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ"
        "Ge77Rw"},
    {"ES256",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
        "\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leG"
        "FtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU"
        "1Q"},
    {"EdDSA",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcH"
        "URo\"}",
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KA"
        "g"},
};

static bool verifies(const struct vector *vector, struct buf *signature)
{
    const struct algorithm *algorithm = algorithm_find(slice_of(vector->algorithm));
    const char *fault;
    struct key key;
    CLEANUP(json_release)
    json_t *jwk = json_decode(slice_of(vector->jwk), 4, &fault);
    assert_null(jwk_read(jwk, &key));
    assert_true(signature_length_fits(algorithm, key.pkey, signature->len));
    bool good =
        signature_verify(algorithm, key.pkey, slice_of(vector->input), buf_slice(signature));
    key_deinit(&key);
    return good;
}

static void accepts_the_examples_of_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        CLEANUP(buf_deinit)
        struct buf signature;
        buf_init(&signature, 1024);
        assert_true(base64url_decode(slice_of(vectors[i].signature), &signature));
        assert_true(verifies(&vectors[i], &signature));
        signature.ptr[signature.len / 2] ^= 1;
        assert_false(verifies(&vectors[i], &signature));
    }
}

static void put_signature(
    struct buf *out, const struct algorithm *algorithm, EVP_PKEY *key, struct slice input)
{
    CLEANUP(buf_deinit)
    struct buf text;
    buf_init(&text, 4096);
    maker_put_signature(&text, algorithm, key, input);
    assert_true(base64url_decode(buf_slice(&text), out));
}

/* Each algorithm's signature passes as that algorithm alone, over that input alone. */
static void tells_algorithms_apart(void **state)
{
    static const char *const names[] = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"};
    EVP_PKEY *key = maker_key("RSA");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(buf_deinit)
        struct buf signature;
        buf_init(&signature, 1024);
        put_signature(&signature, algorithm_find(slice_of(names[i])), key, SLICE("input"));
        for (size_t j = 0; j < ARRAY_LEN(names); j++) {
            const struct algorithm *other = algorithm_find(slice_of(names[j]));
            bool good = signature_verify(other, key, SLICE("input"), buf_slice(&signature));
            assert_int_equal(good, i == j);
            assert_false(signature_verify(other, key, SLICE("inpuT"), buf_slice(&signature)));
        }
    }
    EVP_PKEY_free(key);
}

static void knows_curves(void **state)
{
    static const struct {
        const char *algorithm, *key;
        size_t len;
    } rows[] = {{"ES256", "P-256", 64}, {"ES384", "P-384", 96}, {"ES512", "P-521", 132},
        {"EdDSA", "ED25519", 64}, {"Ed25519", "ED25519", 64}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct algorithm *algorithm = algorithm_find(slice_of(rows[i].algorithm));
        EVP_PKEY *key = maker_key(rows[i].key);
        CLEANUP(buf_deinit)
        struct buf signature;
        buf_init(&signature, 1024);
        put_signature(&signature, algorithm, key, SLICE("input"));
        assert_int_equal(signature.len, rows[i].len);
        assert_true(signature_length_fits(algorithm, key, rows[i].len));
        assert_false(signature_length_fits(algorithm, key, rows[i].len - 1));
        assert_false(signature_length_fits(algorithm, key, rows[i].len + 1));
        assert_true(signature_verify(algorithm, key, SLICE("input"), buf_slice(&signature)));
        assert_false(signature_verify(algorithm, key, SLICE("inpuT"), buf_slice(&signature)));
        EVP_PKEY_free(key);
    }
}

/* A PSS signature whose salt is not as long as the digest is another algorithm's. */
static void refuses_other_salts(void **state)
{
    static const int lengths[] = {0, 20, 64, RSA_PSS_SALTLEN_MAX};
    const struct algorithm *algorithm = algorithm_find(SLICE("PS256"));
    EVP_PKEY *key = maker_key("RSA");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        unsigned char bytes[256];
        size_t len = sizeof(bytes);
        EVP_PKEY_CTX *inner;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit(context, &inner, EVP_sha256(), NULL, key), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, lengths[i]), 1);
        assert_int_equal(EVP_DigestSign(context, bytes, &len, (const unsigned char *)"x", 1), 1);
        EVP_MD_CTX_free(context);
        assert_false(
            signature_verify(algorithm, key, SLICE("x"), (struct slice){(char *)bytes, len}));
    }
    EVP_PKEY_free(key);
}

/* r or s as 0 or the order of the group: numbers that no signature has. */
static void refuses_numbers_out_of_range(void **state)
{
    static const unsigned char order[32] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9,
        0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    static const unsigned char zero[32];
    const unsigned char *values[] = {zero, order};
    const struct algorithm *algorithm = algorithm_find(SLICE("ES256"));
    EVP_PKEY *key = maker_key("P-256");
    CLEANUP(buf_deinit)
    struct buf signature;
    buf_init(&signature, 64);
    put_signature(&signature, algorithm, key, SLICE("x"));
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char forged[64];
        memcpy(forged, signature.ptr, 64);
        memcpy(forged + 32 * (i / 2), values[i % 2], 32);
        assert_false(signature_verify(algorithm, key, SLICE("x"), (struct slice){forged, 64}));
    }
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_examples_of_the_standards),
        cmocka_unit_test(tells_algorithms_apart),
        cmocka_unit_test(knows_curves),
        cmocka_unit_test(refuses_other_salts),
        cmocka_unit_test(refuses_numbers_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
