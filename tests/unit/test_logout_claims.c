/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claims of logout tokens (BL-01 to BL-09): one good token, and one change at a time.
 */
#include "auth/logout_claims.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/json.h"

#define NOW INT64_C(1800000000000)
#define HEAD "\"iss\":\"https://id.example\",\"aud\":\"agizo\""
#define TIMES "\"iat\":1799999990,\"exp\":1800000110"
#define JTI "\"jti\":\"j\""
#define EVENT "\"http://schemas.openid.net/event/backchannel-logout\""
#define EVENTS "\"events\":{" EVENT ":{}}"
#define SUB "\"sub\":\"amina\""
#define SID "\"sid\":\"s-1\""

struct row {
    const char *text;
    enum refusal refusal;
};

static const struct token_rules strict = {.issuer = {"https://id.example", 18}};
static const struct token_rules lenient = {.issuer = {"https://id.example", 18}, .lenient = true};

static enum refusal judge(
    const char *text, const struct token_rules *rules, struct logout_claims *out)
{
    const char *fault;
    CLEANUP(json_release)
    json_t *claims = json_decode(slice_of(text), 8, &fault);
    assert_non_null(claims);
    enum refusal refusal = logout_claims_check(claims, rules, SLICE("agizo"), NOW, out);
    if (!refusal) { /* the texts die with the JSON */
        assert_true(!slice_present(out->subject) || slice_equal(out->subject, SLICE("amina")));
        assert_true(!slice_present(out->sid) || slice_equal(out->sid, SLICE("s-1")));
        assert_true(slice_equal(out->token_id, SLICE("j")));
    }
    return refusal;
}

static void assert_rows(const struct row *rows, size_t count)
{
    struct logout_claims out;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(judge(rows[i].text, &strict, &out), rows[i].refusal);
    }
}

static void takes_good_ones(void **state)
{
    struct logout_claims out;
    (void)state;
    const char *both = "{" HEAD "," TIMES "," JTI "," EVENTS "," SUB "," SID "}";
    assert_int_equal(judge(both, &strict, &out), REFUSAL_NONE);
    assert_true(slice_present(out.subject) && slice_present(out.sid));
    assert_int_equal(out.expires_at, INT64_C(1800000170000));
    assert_int_equal(
        judge("{" HEAD "," TIMES "," JTI "," EVENTS "," SUB "}", &strict, &out), REFUSAL_NONE);
    assert_false(slice_present(out.sid));
    assert_int_equal(
        judge("{" HEAD "," TIMES "," JTI "," EVENTS "," SID "}", &strict, &out), REFUSAL_NONE);
    assert_false(slice_present(out.subject));
}

static void wants_our_issuer_and_audience(void **state)
{
    static const struct row rows[] = {
        {"7", REFUSAL_CLAIMS},
        {"{\"iss\":\"https://id.exampl\",\"aud\":\"agizo\"," TIMES "," JTI "," EVENTS "," SUB "}",
            REFUSAL_ISSUER},
        {"{\"iss\":\"https://id.example\",\"aud\":\"x\"," TIMES "," JTI "," EVENTS "," SUB "}",
            REFUSAL_AUDIENCE},
        {"{\"iss\":\"https://id.example\"," TIMES "," JTI "," EVENTS "," SUB "}", REFUSAL_AUDIENCE},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

static void wants_the_event(void **state)
{
    static const struct row rows[] = {
        {"{" HEAD "," TIMES "," JTI "," SUB "}", REFUSAL_EVENTS},
        {"{" HEAD "," TIMES "," JTI "," SUB ",\"events\":{}}", REFUSAL_EVENTS},
        {"{" HEAD "," TIMES "," JTI "," SUB ",\"events\":{\"other\":{}}}", REFUSAL_EVENTS},
        {"{" HEAD "," TIMES "," JTI "," SUB ",\"events\":[" EVENT "]}", REFUSAL_EVENTS},
        {"{" HEAD "," TIMES "," JTI "," SUB ",\"events\":{" EVENT ":true}}", REFUSAL_EVENTS},
        {"{" HEAD "," TIMES "," JTI "," SUB ",\"events\":{" EVENT ":[]}}", REFUSAL_EVENTS},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

static void is_no_id_token(void **state)
{
    static const struct row rows[] = {
        {"{" HEAD "," TIMES "," JTI "," EVENTS "," SUB ",\"nonce\":\"n\"}", REFUSAL_OTHER_KIND},
        {"{" HEAD "," TIMES "," JTI "," EVENTS "," SUB ",\"nonce\":null}", REFUSAL_OTHER_KIND},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

static void tells_whose_sessions(void **state)
{
    static const struct row rows[] = {
        {"{" HEAD "," TIMES "," JTI "," EVENTS "}", REFUSAL_SUBJECT},
        {"{" HEAD "," TIMES "," JTI "," EVENTS "," SID ",\"sub\":7}", REFUSAL_SUBJECT},
        {"{" HEAD "," TIMES "," JTI "," EVENTS "," SID ",\"sub\":\"\"}", REFUSAL_SUBJECT},
        {"{" HEAD "," TIMES "," JTI "," EVENTS "," SUB ",\"sid\":{}}", REFUSAL_SESSION},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

static void wants_an_identifier(void **state)
{
    static const struct row rows[] = {
        {"{" HEAD "," TIMES "," EVENTS "," SUB "}", REFUSAL_TOKEN_ID},
        {"{" HEAD "," TIMES "," EVENTS "," SUB ",\"jti\":7}", REFUSAL_TOKEN_ID},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

static void wants_fresh_times(void **state)
{
    static const struct row rows[] = {
        {"{" HEAD "," JTI "," EVENTS "," SUB ",\"exp\":1800000110}", REFUSAL_ISSUED_AT},
        {"{" HEAD "," JTI "," EVENTS "," SUB ",\"exp\":1800000400,\"iat\":1800000061}",
            REFUSAL_ISSUED_AT},
        {"{" HEAD "," JTI "," EVENTS "," SUB ",\"exp\":1799999941,\"iat\":1799999900}",
            REFUSAL_NONE},
        {"{" HEAD "," JTI "," EVENTS "," SUB ",\"exp\":1799999940,\"iat\":1799999900}",
            REFUSAL_EXPIRED},
        {"{" HEAD "," JTI "," EVENTS "," SUB ",\"exp\":\"x\",\"iat\":1799999900}", REFUSAL_EXPIRY},
        {"{" HEAD "," JTI "," EVENTS "," SUB ",\"exp\":253402300799,\"iat\":1799999341}",
            REFUSAL_NONE},
        {"{" HEAD "," JTI "," EVENTS "," SUB ",\"exp\":253402300799,\"iat\":1799999340}",
            REFUSAL_EXPIRED},
    };
    (void)state;
    assert_rows(rows, ARRAY_LEN(rows));
}

/* A jti need not be remembered for years because its issuer says so. */
static void does_not_live_for_long(void **state)
{
    struct logout_claims out;
    (void)state;
    assert_int_equal(
        judge("{" HEAD "," JTI "," EVENTS "," SUB ",\"iat\":1800000000,\"exp\":253402300799}",
            &strict, &out),
        REFUSAL_NONE);
    assert_int_equal(out.expires_at, NOW + 660000);
}

static void may_lack_its_end_by_lenient_rules(void **state)
{
    struct logout_claims out;
    (void)state;
    const char *oldest = "{" HEAD "," JTI "," EVENTS "," SUB ",\"iat\":1799999880}";
    const char *older = "{" HEAD "," JTI "," EVENTS "," SUB ",\"iat\":1799999879}";
    assert_int_equal(judge(oldest, &strict, &out), REFUSAL_EXPIRY);
    assert_int_equal(judge(oldest, &lenient, &out), REFUSAL_NONE);
    assert_true(out.expires_at > NOW);
    assert_int_equal(judge(older, &lenient, &out), REFUSAL_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_good_ones),
        cmocka_unit_test(wants_our_issuer_and_audience),
        cmocka_unit_test(wants_the_event),
        cmocka_unit_test(is_no_id_token),
        cmocka_unit_test(tells_whose_sessions),
        cmocka_unit_test(wants_an_identifier),
        cmocka_unit_test(wants_fresh_times),
        cmocka_unit_test(does_not_live_for_long),
        cmocka_unit_test(may_lack_its_end_by_lenient_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
