/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: each missing, of each wrong kind, and at the edges of time.
 */
#include "auth/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/check.h"
#include "core/json.h"

#define NOW ((int64_t)1800000000000)

static const struct token_rules strict = {
    .issuer = {"https://id.example", 18},
    .audience = {"agizo", 5},
};

static const char good[] =
    "{\"iss\":\"https://"
    "id.example\",\"aud\":\"agizo\",\"sub\":\"s\",\"client_id\":\"c\",\"jti\":\"j\","
    "\"iat\":1800000000,\"exp\":1800000300}";

/* The good claims with one member set to a JSON text, or removed by NULL. */
static json_t *with(const char *name, const char *value)
{
    const char *fault;
    json_t *fields = json_decode(slice_of(good), 8, &fault);
    assert_non_null(fields);
    if (value) {
        json_t *decoded = json_decode(slice_of(value), 8, &fault);
        assert_non_null(decoded);
        json_object_set_new(fields, name, decoded);
    } else {
        json_object_del(fields, name);
    }
    return fields;
}

static enum refusal check_with(const struct token_rules *rules, const char *name, const char *value)
{
    struct claims claims;
    CLEANUP(json_release)
    json_t *fields = with(name, value);
    return claims_check(fields, rules, NOW, &claims);
}

struct row {
    const char *name, *value;
    enum refusal refusal;
};

static void check_rows(const struct token_rules *rules, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(check_with(rules, rows[i].name, rows[i].value), rows[i].refusal);
    }
}

static void accepts_good_claims(void **state)
{
    struct claims claims;
    CLEANUP(json_release)
    json_t *fields = with("extra", "{\"a\":[1,null]}");
    (void)state;
    assert_int_equal(claims_check(fields, &strict, NOW, &claims), REFUSAL_NONE);
    assert_true(slice_equal(claims.subject, SLICE("s")));
    assert_true(slice_equal(claims.client_id, SLICE("c")));
    assert_int_equal(claims.expires_at, 1800000300000 + CLAIMS_SKEW_MS);
}

static void wants_our_issuer_and_audience(void **state)
{
    static const struct row rows[] = {
        {"iss", NULL, REFUSAL_ISSUER},
        {"iss", "\"https://id.example/\"", REFUSAL_ISSUER},
        {"iss", "\"https://ID.example\"", REFUSAL_ISSUER},
        {"iss", "\"https://id.exampl\"", REFUSAL_ISSUER},
        {"iss", "[\"https://id.example\"]", REFUSAL_ISSUER},
        {"iss", "7", REFUSAL_ISSUER},
        {"aud", NULL, REFUSAL_AUDIENCE},
        {"aud", "\"other\"", REFUSAL_AUDIENCE},
        {"aud", "\"Agizo\"", REFUSAL_AUDIENCE},
        {"aud", "\"\"", REFUSAL_AUDIENCE},
        {"aud", "7", REFUSAL_AUDIENCE},
        {"aud", "null", REFUSAL_AUDIENCE},
        {"aud", "{\"agizo\":\"agizo\"}", REFUSAL_AUDIENCE},
        {"aud", "[]", REFUSAL_AUDIENCE},
        {"aud", "[\"other\"]", REFUSAL_AUDIENCE},
        {"aud", "[[\"agizo\"]]", REFUSAL_AUDIENCE},
        {"aud", "[\"agizo\",7]", REFUSAL_AUDIENCE},
        {"aud", "[\"agizo\"]", REFUSAL_NONE},
        {"aud", "[\"other\",\"agizo\"]", REFUSAL_NONE},
    };
    (void)state;
    check_rows(&strict, rows, ARRAY_LEN(rows));
}

/* NOW is 1800000000 s; the skew 60 s. */
static void keeps_time(void **state)
{
    static const struct row rows[] = {
        {"exp", NULL, REFUSAL_EXPIRY},
        {"exp", "null", REFUSAL_EXPIRY},
        {"exp", "\"1800000300\"", REFUSAL_EXPIRY},
        {"exp", "true", REFUSAL_EXPIRY},
        {"exp", "-1", REFUSAL_EXPIRY},
        {"exp", "1e14", REFUSAL_EXPIRY},
        {"exp", "253402300800", REFUSAL_EXPIRY},
        {"exp", "9223372036854775807", REFUSAL_EXPIRY},
        {"exp", "0", REFUSAL_EXPIRED},
        {"exp", "1799999939", REFUSAL_EXPIRED},
        {"exp", "1799999940", REFUSAL_EXPIRED},
        {"exp", "1799999940.001", REFUSAL_NONE},
        {"exp", "1799999940.0004", REFUSAL_EXPIRED},
        {"exp", "1799999939.999", REFUSAL_EXPIRED},
        {"exp", "1799999941", REFUSAL_NONE},
        {"exp", "1.8000001e9", REFUSAL_NONE},
        {"exp", "253402300799", REFUSAL_NONE},
        {"iat", NULL, REFUSAL_ISSUED_AT},
        {"iat", "\"1800000000\"", REFUSAL_ISSUED_AT},
        {"iat", "-5", REFUSAL_ISSUED_AT},
        {"iat", "1800000061", REFUSAL_ISSUED_AT},
        {"iat", "1800000060.001", REFUSAL_ISSUED_AT},
        {"iat", "1800000060", REFUSAL_NONE},
        {"iat", "0", REFUSAL_NONE},
        {"nbf", "1800000061", REFUSAL_NOT_YET},
        {"nbf", "1800000060.001", REFUSAL_NOT_YET},
        {"nbf", "\"0\"", REFUSAL_NOT_YET},
        {"nbf", "null", REFUSAL_NOT_YET},
        {"nbf", "1800000060", REFUSAL_NONE},
        {"nbf", "1799999000", REFUSAL_NONE},
    };
    (void)state;
    check_rows(&strict, rows, ARRAY_LEN(rows));
}

static void wants_names(void **state)
{
    static const struct row rows[] = {
        {"sub", NULL, REFUSAL_SUBJECT},
        {"sub", "\"\"", REFUSAL_SUBJECT},
        {"sub", "7", REFUSAL_SUBJECT},
        {"sub", "null", REFUSAL_SUBJECT},
        {"client_id", NULL, REFUSAL_CLIENT},
        {"client_id", "\"\"", REFUSAL_CLIENT},
        {"client_id", "{}", REFUSAL_CLIENT},
        {"jti", NULL, REFUSAL_TOKEN_ID},
        {"jti", "\"\"", REFUSAL_TOKEN_ID},
        {"jti", "1", REFUSAL_TOKEN_ID},
        {"cnf", "{\"jkt\":\"x\"}", REFUSAL_BOUND},
        {"cnf", "null", REFUSAL_BOUND},
        {"cnf", "{\"x5t#S256\":\"x\"}", REFUSAL_BOUND},
    };
    (void)state;
    check_rows(&strict, rows, ARRAY_LEN(rows));
}

/* What it is bound to is handed out; dpop.c asks for the proof. */
static void tells_the_key_it_is_bound_to(void **state)
{
    static const char jkt[] = "\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"";
    struct claims claims;
    char cnf[128];
    (void)state;
    snprintf(cnf, sizeof(cnf), "{\"jkt\":%s}", jkt);
    CLEANUP(json_release)
    json_t *bound = with("cnf", cnf);
    CLEANUP(json_release)
    json_t *unbound = with("extra", "1");
    assert_int_equal(claims_check(bound, &strict, NOW, &claims), REFUSAL_NONE);
    assert_true(
        slice_equal(claims.thumbprint, SLICE("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")));
    assert_int_equal(claims_check(unbound, &strict, NOW, &claims), REFUSAL_NONE);
    assert_false(slice_present(claims.thumbprint));
    snprintf(cnf, sizeof(cnf), "{\"jkt\":%s,\"x5t#S256\":%s}", jkt, jkt);
    assert_int_equal(check_with(&strict, "cnf", cnf), REFUSAL_BOUND);
}

static void bounds_names(void **state)
{
    static const struct {
        const char *name;
        enum refusal refusal;
    } rows[] = {{"sub", REFUSAL_SUBJECT}, {"client_id", REFUSAL_CLIENT}, {"jti", REFUSAL_TOKEN_ID}};
    char text[259] = "\"";
    (void)state;
    memset(text + 1, 'x', 256);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        text[256] = '"';
        text[257] = '\0';
        assert_int_equal(check_with(&strict, rows[i].name, text), REFUSAL_NONE);
        text[256] = 'x';
        text[257] = '"';
        assert_int_equal(check_with(&strict, rows[i].name, text), rows[i].refusal);
    }
}

static void lenient_profile_tells_kinds_apart(void **state)
{
    static const struct row rows[] = {
        {"client_id", NULL, REFUSAL_CLIENT},
        {"scope", NULL, REFUSAL_SCOPE},
        {"scope", "[\"orders:read\"]", REFUSAL_SCOPE},
        {"scope", "\"\"", REFUSAL_NONE},
        {"jti", NULL, REFUSAL_NONE},
        {"azp", "7", REFUSAL_NONE},
        {"nonce", "\"n\"", REFUSAL_OTHER_KIND},
        {"at_hash", "\"n\"", REFUSAL_OTHER_KIND},
        {"c_hash", "null", REFUSAL_OTHER_KIND},
        {"events", "{}", REFUSAL_OTHER_KIND},
        {"cnf", "{}", REFUSAL_BOUND},
    };
    struct token_rules lenient = strict;
    struct claims claims;
    (void)state;
    lenient.lenient = true;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(json_release)
        json_t *fields = with(rows[i].name, rows[i].value);
        if (strcmp(rows[i].name, "scope") != 0) {
            json_object_set_new(fields, "scope", json_string("orders:read"));
        }
        assert_int_equal(claims_check(fields, &lenient, NOW, &claims), rows[i].refusal);
    }
    CLEANUP(json_release)
    json_t *fields = with("client_id", NULL);
    json_object_set_new(fields, "scope", json_string("x"));
    json_object_set_new(fields, "azp", json_string("p"));
    assert_int_equal(claims_check(fields, &lenient, NOW, &claims), REFUSAL_NONE);
    assert_true(slice_equal(claims.client_id, SLICE("p")));
}

static void lenient_scopes_may_stand_in_another_claim(void **state)
{
    static const struct row rows[] = {
        {"scp", "\"orders:read\"", REFUSAL_NONE},
        {"scp", "[\"orders:read\"]", REFUSAL_NONE},
        {"scp", "[]", REFUSAL_NONE},
        {"scp", "[7]", REFUSAL_SCOPE},
        {"scp", "{}", REFUSAL_SCOPE},
        {"scp", "null", REFUSAL_SCOPE},
        {"scp", NULL, REFUSAL_SCOPE},
        {"scope", "\"orders:read\"", REFUSAL_SCOPE},
    };
    struct token_rules lenient = strict;
    struct claims claims;
    (void)state;
    lenient.lenient = true;
    lenient.scope_claim = SLICE("scp");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(json_release)
        json_t *fields = with(rows[i].name, rows[i].value);
        assert_int_equal(claims_check(fields, &lenient, NOW, &claims), rows[i].refusal);
    }
}

static void wants_an_object(void **state)
{
    struct claims claims;
    (void)state;
    assert_int_equal(claims_check(NULL, &strict, NOW, &claims), REFUSAL_CLAIMS);
    CLEANUP(json_release)
    json_t *list = json_array();
    assert_int_equal(claims_check(list, &strict, NOW, &claims), REFUSAL_CLAIMS);
    assert_int_equal(claims_check_answer(NULL, &strict, NOW, &claims), REFUSAL_CLAIMS);
    assert_int_equal(claims_check_answer(list, &strict, NOW, &claims), REFUSAL_CLAIMS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_good_claims),
        cmocka_unit_test(wants_our_issuer_and_audience),
        cmocka_unit_test(keeps_time),
        cmocka_unit_test(wants_names),
        cmocka_unit_test(tells_the_key_it_is_bound_to),
        cmocka_unit_test(bounds_names),
        cmocka_unit_test(lenient_profile_tells_kinds_apart),
        cmocka_unit_test(lenient_scopes_may_stand_in_another_claim),
        cmocka_unit_test(wants_an_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
