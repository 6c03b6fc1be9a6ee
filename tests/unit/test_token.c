/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole check of a token: signature before claims, and the identity that comes out.
 */
#include "auth/token.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "token_maker.h"

#define NOW ((int64_t)1800000000000)
#define CLAIMS                                                                                     \
    "\"iss\":\"https://id.example\",\"aud\":\"agizo\",\"client_id\":\"c\",\"jti\":\"j\","          \
    "\"iat\":1800000000,\"exp\":1800000300"

static EVP_PKEY *key, *stranger;
static struct keyset *keys;
static struct arena arena;

static struct token_rules rules = {
    .issuer = {"https://id.example", 18},
    .audience = {"agizo", 5},
    .roles_claim = {"roles", 5},
    .algorithms = 1u << ALGORITHM_EDDSA,
};

static int set_up(void **state)
{
    const char *fault;
    struct buf text;
    (void)state;
    key = maker_key("ED25519");
    stranger = maker_key("ED25519");
    buf_init(&text, MAKER_MAX);
    buf_put_text(&text, "{\"keys\":[");
    maker_put_jwk(&text, key, ",\"kid\":\"k\"");
    buf_put_text(&text, "]}");
    keys = keyset_parse(buf_slice(&text), &fault);
    buf_deinit(&text);
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    keyset_release(keys);
    EVP_PKEY_free(key);
    EVP_PKEY_free(stranger);
    return 0;
}

static enum refusal judge(EVP_PKEY *signer, const char *payload, struct identity *out)
{
    char *token = maker_token("EdDSA", signer,
        SLICE("{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"k\"}"), slice_of(payload));
    struct auth_check check = {.arena = &arena, .token = slice_of(token)};
    enum refusal refusal = token_check(&check, &rules, keys, NOW);
    free(token); /* nothing of the identity may point into it */
    if (out) *out = check.identity;
    return refusal;
}

static void tells_who_a_person_is(void **state)
{
    struct identity identity;
    (void)state;
    assert_int_equal(
        judge(key, "{" CLAIMS ",\"sub\":\"s\",\"roles\":[\"customer\"],\"customer_code\":\"C1\"}",
            &identity),
        REFUSAL_NONE);
    assert_true(slice_equal(identity.issuer, SLICE("https://id.example")));
    assert_true(slice_equal(identity.subject, SLICE("s")));
    assert_true(slice_equal(identity.client_id, SLICE("c")));
    assert_true(slice_equal(identity.customer_code, SLICE("C1")));
    assert_true(identity.is_customer);
    assert_false(identity.is_service);
    assert_int_equal(identity.expires_at, NOW + 300000 + 60000);
}

static void tells_what_a_service_is(void **state)
{
    struct identity identity;
    (void)state;
    assert_int_equal(judge(key, "{" CLAIMS ",\"sub\":\"c\",\"scope\":\"orders:read\"}", &identity),
        REFUSAL_NONE);
    assert_true(identity.is_service);
    assert_false(identity.is_customer);
    assert_false(slice_present(identity.customer_code));
    assert_int_equal(identity.permissions, 1u << PERMISSION_ORDERS_READ);
}

static void refuses_claims_that_cannot_be_read(void **state)
{
    static const char *const payloads[] = {"", "{", "[]", "null", "7", "{}x",
        "\xef\xbb\xbf{" CLAIMS ",\"sub\":\"s\"}", "{" CLAIMS ",\"sub\":\"s\",\"sub\":\"s\"}",
        "{" CLAIMS ",\"sub\":\"\xff\"}", "{" CLAIMS ",\"sub\":\"\\ud800\"}",
        "{" CLAIMS ",\"sub\":\"a\\u0000b\"}", "{" CLAIMS ",\"sub\":\"s\",\"x\":1e400}",
        "{" CLAIMS ",\"sub\":\"s\",\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
        assert_int_equal(judge(key, payloads[i], NULL), REFUSAL_CLAIMS);
    }
    assert_int_equal(judge(key, "{" CLAIMS ",\"sub\":\"s\",\"x\":[[[[1]]]]}", NULL), REFUSAL_NONE);
    /* Numbers in claims that nobody reads may be as long as the provider likes. */
    assert_int_equal(
        judge(key, "{" CLAIMS ",\"sub\":\"s\",\"x\":-1.28637281036819462}", NULL), REFUSAL_NONE);
}

/* Claims of an unverified token are not looked at: their faults do not show. */
static void verifies_first(void **state)
{
    (void)state;
    assert_int_equal(judge(stranger, "{", NULL), REFUSAL_SIGNATURE);
    assert_int_equal(judge(stranger, "{\"exp\":0}", NULL), REFUSAL_SIGNATURE);
    assert_int_equal(judge(key, "{\"iss\":\"x\"}", NULL), REFUSAL_ISSUER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_who_a_person_is),
        cmocka_unit_test(tells_what_a_service_is),
        cmocka_unit_test(refuses_claims_that_cannot_be_read),
        cmocka_unit_test(verifies_first),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
