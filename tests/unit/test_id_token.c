/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claims of ID tokens (RP-02 to RP-05, RP-09, RP-10, RP-14): one good token, and one change at a time.
 */
#include "auth/id_token.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/json.h"

#define NOW INT64_C(1800000000000)
#define ISS "\"iss\":\"https://id.example\""
#define AUD "\"aud\":\"agizo\""
#define SUB "\"sub\":\"amina\""
#define TIMES "\"iat\":1799999990,\"exp\":1800000300"
#define NONCE "\"nonce\":\"n-1\""
/* OpenID Connect Core, Appendix A.3 (RS256): the hash of this access token. */
#define ACCESS_TOKEN "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
#define AT_HASH "77QmUPtjPfzWtF2AnpK9RQ"

static const struct id_token_terms sign_in = {
    .issuer = {"https://id.example", 18},
    .client_id = {"agizo", 5},
    .nonce = {"n-1", 3},
    .nonce_required = true,
    .access_token = {ACCESS_TOKEN, sizeof(ACCESS_TOKEN) - 1},
    .algorithm = {"RS256", 5},
    .now_ms = NOW,
};

static enum refusal judge(const char *text, const struct id_token_terms *terms)
{
    const char *fault;
    struct slice subject;
    CLEANUP(json_release)
    json_t *claims = json_decode(slice_of(text), 8, &fault);
    assert_non_null(claims);
    enum refusal refusal = id_token_check(claims, terms, &subject);
    if (!refusal) assert_true(slice_equal(subject, SLICE("amina")));
    return refusal;
}

struct row {
    const char *text;
    enum refusal refusal;
};

static void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(judge(rows[i].text, &sign_in), rows[i].refusal);
    }
}

static void takes_good_ones(void **state)
{
    static const struct row rows[] = {
        {"{" ISS "," AUD "," SUB "," TIMES "," NONCE "}", REFUSAL_NONE},
        {"{" ISS ",\"aud\":[\"agizo\"]," SUB "," TIMES "," NONCE "}", REFUSAL_NONE},
        {"{" ISS ",\"aud\":[\"x\",\"agizo\"],\"azp\":\"agizo\"," SUB "," TIMES "," NONCE "}",
            REFUSAL_NONE},
        {"{" ISS "," AUD ",\"azp\":\"agizo\"," SUB "," TIMES "," NONCE "}", REFUSAL_NONE},
        {"{" ISS "," AUD "," SUB "," TIMES "," NONCE ",\"at_hash\":\"" AT_HASH "\"}", REFUSAL_NONE},
        {"{" ISS "," AUD "," SUB "," TIMES "," NONCE ",\"auth_time\":0}", REFUSAL_NONE},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

static void wants_our_issuer_and_audience(void **state)
{
    static const struct row rows[] = {
        {"[]", REFUSAL_CLAIMS},
        {"{" AUD "," SUB "," TIMES "," NONCE "}", REFUSAL_ISSUER},
        {"{\"iss\":\"https://id.example/\"," AUD "," SUB "," TIMES "," NONCE "}", REFUSAL_ISSUER},
        {"{" ISS "," SUB "," TIMES "," NONCE "}", REFUSAL_AUDIENCE},
        {"{" ISS ",\"aud\":\"other\"," SUB "," TIMES "," NONCE "}", REFUSAL_AUDIENCE},
        {"{" ISS ",\"aud\":[]," SUB "," TIMES "," NONCE "}", REFUSAL_AUDIENCE},
        {"{" ISS ",\"aud\":[\"agizo\",7]," SUB "," TIMES "," NONCE "}", REFUSAL_AUDIENCE},
        {"{" ISS ",\"aud\":[\"agizo\",\"x\"]," SUB "," TIMES "," NONCE "}",
            REFUSAL_AUTHORIZED_PARTY},
        {"{" ISS "," AUD ",\"azp\":\"x\"," SUB "," TIMES "," NONCE "}", REFUSAL_AUTHORIZED_PARTY},
        {"{" ISS "," AUD ",\"azp\":7," SUB "," TIMES "," NONCE "}", REFUSAL_AUTHORIZED_PARTY},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

static void wants_a_subject(void **state)
{
    static const struct row rows[] = {
        {"{" ISS "," AUD "," TIMES "," NONCE "}", REFUSAL_SUBJECT},
        {"{" ISS "," AUD ",\"sub\":\"\"," TIMES "," NONCE "}", REFUSAL_SUBJECT},
        {"{" ISS "," AUD ",\"sub\":7," TIMES "," NONCE "}", REFUSAL_SUBJECT},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

/* Skew a minute; the age of ten minutes has none. */
static void wants_fresh_times(void **state)
{
    static const struct row rows[] = {
        {"{" ISS "," AUD "," SUB "," NONCE ",\"iat\":1799999990}", REFUSAL_EXPIRY},
        {"{" ISS "," AUD "," SUB "," NONCE ",\"iat\":1799999990,\"exp\":\"1800000300\"}",
            REFUSAL_EXPIRY},
        {"{" ISS "," AUD "," SUB "," NONCE ",\"iat\":1799999990,\"exp\":1799999941}", REFUSAL_NONE},
        {"{" ISS "," AUD "," SUB "," NONCE ",\"iat\":1799999990,\"exp\":1799999940}",
            REFUSAL_EXPIRED},
        {"{" ISS "," AUD "," SUB "," NONCE ",\"exp\":1800000300}", REFUSAL_ISSUED_AT},
        {"{" ISS "," AUD "," SUB "," NONCE ",\"iat\":1800000060,\"exp\":1800000300}", REFUSAL_NONE},
        {"{" ISS "," AUD "," SUB "," NONCE ",\"iat\":1800000061,\"exp\":1800000300}",
            REFUSAL_ISSUED_AT},
        {"{" ISS "," AUD "," SUB "," NONCE ",\"iat\":1799999401,\"exp\":1800000300}", REFUSAL_NONE},
        {"{" ISS "," AUD "," SUB "," NONCE ",\"iat\":1799999400,\"exp\":1800000300}", REFUSAL_AGE},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

static void wants_its_nonce(void **state)
{
    static const struct row rows[] = {
        {"{" ISS "," AUD "," SUB "," TIMES "}", REFUSAL_NONCE},
        {"{" ISS "," AUD "," SUB "," TIMES ",\"nonce\":\"n-2\"}", REFUSAL_NONCE},
        {"{" ISS "," AUD "," SUB "," TIMES ",\"nonce\":\"\"}", REFUSAL_NONCE},
        {"{" ISS "," AUD "," SUB "," TIMES ",\"nonce\":[\"n-1\"]}", REFUSAL_NONCE},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

static void wants_the_right_token_hash(void **state)
{
    static const struct row rows[] = {
        {"{" ISS "," AUD "," SUB "," TIMES "," NONCE ",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RA\"}",
            REFUSAL_TOKEN_HASH},
        {"{" ISS "," AUD "," SUB "," TIMES "," NONCE ",\"at_hash\":\"\"}", REFUSAL_TOKEN_HASH},
        {"{" ISS "," AUD "," SUB "," TIMES "," NONCE ",\"at_hash\":7}", REFUSAL_TOKEN_HASH},
    };
    struct id_token_terms terms = sign_in;
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
    terms.algorithm = SLICE("EdDSA"); /* SHA-512 */
    assert_int_equal(
        judge("{" ISS "," AUD "," SUB "," TIMES "," NONCE ",\"at_hash\":\"" AT_HASH "\"}", &terms),
        REFUSAL_TOKEN_HASH);
}

static void is_no_logout_token(void **state)
{
    (void)state;
    assert_int_equal(judge("{" ISS "," AUD "," SUB "," TIMES "," NONCE ",\"events\":{}}", &sign_in),
        REFUSAL_OTHER_KIND);
}

static void a_refresh_is_about_the_same_person(void **state)
{
    struct id_token_terms refresh = sign_in;
    (void)state;
    refresh.nonce_required = false;
    refresh.subject = SLICE("amina");
    assert_int_equal(judge("{" ISS "," AUD "," SUB "," TIMES "}", &refresh), REFUSAL_NONE);
    assert_int_equal(
        judge("{" ISS "," AUD "," SUB "," TIMES "," NONCE "}", &refresh), REFUSAL_NONE);
    assert_int_equal(
        judge("{" ISS "," AUD "," SUB "," TIMES ",\"nonce\":\"n-2\"}", &refresh), REFUSAL_NONCE);
    refresh.subject = SLICE("juma");
    assert_int_equal(judge("{" ISS "," AUD "," SUB "," TIMES "}", &refresh), REFUSAL_SUBJECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_good_ones),
        cmocka_unit_test(wants_our_issuer_and_audience),
        cmocka_unit_test(wants_a_subject),
        cmocka_unit_test(wants_fresh_times),
        cmocka_unit_test(wants_its_nonce),
        cmocka_unit_test(wants_the_right_token_hash),
        cmocka_unit_test(is_no_logout_token),
        cmocka_unit_test(a_refresh_is_about_the_same_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
