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
static struct keyset *keys, *other_keys;
static struct arena arena;

static struct token_rules rules = {
    .issuer = {"https://id.example", 18},
    .audience = {"agizo", 5},
    .roles_claim = {"roles", 5},
    .algorithms = 1u << ALGORITHM_EDDSA,
};

/* Another issuer, whose key has the same name. */
static struct token_rules other_rules = {
    .issuer = {"https://other.example", 21},
    .audience = {"agizo", 5},
    .roles_claim = {"groups", 6},
    .roles_map = {"staff=viewer", 12},
    .algorithms = 1u << ALGORITHM_EDDSA,
};

static struct keyset *make_set(EVP_PKEY *of)
{
    const char *fault;
    struct buf text;
    buf_init(&text, MAKER_MAX);
    buf_put_text(&text, "{\"keys\":[");
    maker_put_jwk(&text, of, ",\"kid\":\"k\"");
    buf_put_text(&text, "]}");
    struct keyset *set = keyset_parse(buf_slice(&text), &fault);
    buf_deinit(&text);
    return set;
}

static int set_up(void **state)
{
    (void)state;
    key = maker_key("ED25519");
    stranger = maker_key("ED25519");
    keys = make_set(key);
    other_keys = make_set(stranger);
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    keyset_release(keys);
    keyset_release(other_keys);
    EVP_PKEY_free(key);
    EVP_PKEY_free(stranger);
    return 0;
}

static char *sign(EVP_PKEY *signer, const char *header, const char *payload)
{
    return maker_token("EdDSA", signer, slice_of(header), slice_of(payload));
}

#define HEADER(kid) "{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"" kid "\"}"

static enum refusal judge(EVP_PKEY *signer, const char *payload, struct identity *out)
{
    const struct trust trust = {&rules, keys};
    unsigned lacking = 7;
    char *token = sign(signer, HEADER("k"), payload);
    struct auth_check check = {.arena = &arena, .token = slice_of(token)};
    enum refusal refusal = token_check(&check, &trust, 1, NOW, &lacking);
    free(token); /* nothing of the identity may point into it */
    assert_int_equal(lacking, 0);
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

#define OTHER_CLAIMS                                                                               \
    "\"iss\":\"https://other.example\",\"aud\":\"agizo\",\"client_id\":\"c\",\"jti\":\"j\","       \
    "\"sub\":\"s\",\"iat\":1800000000,\"exp\":1800000300"

struct both {
    enum refusal refusal;
    unsigned lacking;
    struct identity identity;
};

/* By two issuers; one whose keys are NULL has none at hand. */
static struct both judge_both(const struct trust trusts[2], char *token)
{
    struct both both;
    struct auth_check check = {.arena = &arena, .token = slice_of(token)};
    both.refusal = token_check(&check, trusts, 2, NOW, &both.lacking);
    both.identity = check.identity;
    free(token);
    return both;
}

/* RS-28. */
static void each_issuer_uses_its_own_keys(void **state)
{
    const struct trust trusts[] = {{&rules, keys}, {&other_rules, other_keys}};
    const char *ours = "{" CLAIMS ",\"sub\":\"s\",\"roles\":[\"clerk\"]}";
    const char *others = "{" OTHER_CLAIMS ",\"roles\":[\"manager\"],\"groups\":[\"staff\"]}";
    (void)state;
    struct both got = judge_both(trusts, sign(key, HEADER("k"), ours));
    assert_int_equal(got.refusal, REFUSAL_NONE);
    assert_true(slice_equal(got.identity.issuer, rules.issuer));
    got = judge_both(trusts, sign(stranger, HEADER("k"), others));
    assert_int_equal(got.refusal, REFUSAL_NONE);
    assert_int_equal(got.lacking, 0);
    assert_true(slice_equal(got.identity.issuer, other_rules.issuer));
    assert_int_equal(got.identity.permissions, 1u << PERMISSION_CUSTOMERS_READ |
                                                   1u << PERMISSION_ORDERS_READ |
                                                   1u << PERMISSION_MESSAGES_READ);
    got = judge_both(trusts, sign(stranger, HEADER("k"), ours));
    assert_int_equal(got.refusal, REFUSAL_ISSUER);
    got = judge_both(trusts, sign(key, HEADER("k"), others));
    assert_int_equal(got.refusal, REFUSAL_ISSUER);
    assert_int_equal(got.lacking, 0);
}

static void tells_whose_newer_keys_might_help(void **state)
{
    const struct trust trusts[] = {{&rules, keys}, {&other_rules, other_keys}};
    const struct trust away[] = {{&rules, keys}, {&other_rules, NULL}};
    const char *others = "{" OTHER_CLAIMS "}";
    (void)state;
    struct both got = judge_both(trusts, sign(key, HEADER("new"), others));
    assert_int_equal(got.refusal, REFUSAL_UNKNOWN_KEY);
    assert_int_equal(got.lacking, 3);
    got = judge_both(away, sign(stranger, HEADER("k"), others));
    assert_int_equal(got.refusal, REFUSAL_SIGNATURE);
    assert_int_equal(got.lacking, 2);
    /* Its own issuer has looked at it: the other one's keys cannot matter. */
    got = judge_both(away, sign(key, HEADER("k"), "{" CLAIMS ",\"sub\":\"\"}"));
    assert_int_equal(got.refusal, REFUSAL_SUBJECT);
    assert_int_equal(got.lacking, 0);
    got = judge_both(away, memory_text("x.y.z"));
    assert_int_equal(got.lacking, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_who_a_person_is),
        cmocka_unit_test(tells_what_a_service_is),
        cmocka_unit_test(refuses_claims_that_cannot_be_read),
        cmocka_unit_test(verifies_first),
        cmocka_unit_test(each_issuer_uses_its_own_keys),
        cmocka_unit_test(tells_whose_newer_keys_might_help),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
