/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a provider about opaque tokens: who is let in, who is refused, and when nobody can tell (IN-01 to IN-06, IN-10).
 */
#include "auth/introspection_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/json.h"

#define NOW ((int64_t)1800000000000)

static struct arena arena;

static const struct token_rules strict = {
    .issuer = {"https://id.example", 18},
    .audience = {"agizo", 5},
    .roles_claim = {"roles", 5},
};

static const char good[] =
    "{\"active\":true,\"iss\":\"https://id.example\",\"aud\":\"agizo\",\"sub\":\"s\","
    "\"client_id\":\"c\",\"exp\":1800000300,\"scope\":\"orders:read\",\"token_type\":\"Bearer\"}";

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static struct introspection_answer read_as(int status, const char *type, struct slice body)
{
    const struct outbound_call call = {
        .result = OUTBOUND_ANSWERED,
        .status = status,
        .media_type = slice_of(type),
        .reply = body,
        .arena = &arena,
    };
    return introspection_answer_read(&call, &strict, NOW);
}

static struct introspection_answer read_text(int status, const char *body)
{
    return read_as(status, "application/json", slice_of(body));
}

/* The good answer with one member set to a JSON text, or removed by NULL. */
static struct introspection_answer read_with(const char *name, const char *value)
{
    const char *fault;
    CLEANUP(json_release)
    json_t *fields = json_decode(slice_of(good), 8, &fault);
    if (value) {
        json_object_set_new(fields, name, json_decode(slice_of(value), 8, &fault));
    } else {
        json_object_del(fields, name);
    }
    char *text = json_dumps(fields, 0);
    struct introspection_answer answer = read_text(200, text);
    free(text);
    return answer;
}

struct row {
    const char *name, *value;
    enum refusal refusal;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct introspection_answer answer = read_with(rows[i].name, rows[i].value);
        assert_null(answer.fault);
        if (answer.refusal != rows[i].refusal) fail_msg("%s: %s", rows[i].name, rows[i].value);
    }
}

static void tells_who_a_person_is(void **state)
{
    struct introspection_answer answer = read_with("roles", "[\"manager\"]");
    (void)state;
    assert_null(answer.fault);
    assert_int_equal(answer.refusal, REFUSAL_NONE);
    assert_true(slice_equal(answer.identity.issuer, SLICE("https://id.example")));
    assert_true(slice_equal(answer.identity.subject, SLICE("s")));
    assert_true(slice_equal(answer.identity.client_id, SLICE("c")));
    assert_false(answer.identity.is_service);
    assert_false(slice_present(answer.identity.thumbprint));
    assert_int_equal(answer.identity.permissions, 1u << PERMISSION_ORDERS_READ);
}

static void tells_what_a_service_is(void **state)
{
    struct introspection_answer named = read_with("sub", "\"c\"");
    struct introspection_answer nameless = read_with("sub", NULL);
    (void)state;
    assert_int_equal(named.refusal, REFUSAL_NONE);
    assert_true(named.identity.is_service);
    assert_int_equal(nameless.refusal, REFUSAL_NONE);
    assert_true(nameless.identity.is_service);
    assert_true(slice_equal(nameless.identity.subject, SLICE("c")));
    assert_int_equal(nameless.identity.permissions, 1u << PERMISSION_ORDERS_READ);
}

/* A person whose name was left out must not come in as the client, past their roles. */
static void takes_nobody_nameless_for_a_service_who_may_be_a_person(void **state)
{
    static const char *const marks[] = {"\"roles\":[]", "\"roles\":[\"viewer\"]", "\"roles\":null",
        "\"username\":\"asha\"", "\"username\":\"\"", "\"preferred_username\":\"asha\"",
        "\"email\":\"a@example.com\"", "\"auth_time\":1", "\"customer_code\":\"C1\"",
        "\"customer_code\":7"};
    char text[512];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        snprintf(text, sizeof(text),
            "{\"active\":true,\"aud\":\"agizo\",\"client_id\":\"c\",\"exp\":1800000300,"
            "\"scope\":\"orders:read\",%s}",
            marks[i]);
        assert_int_equal(read_text(200, text).refusal, REFUSAL_SUBJECT);
    }
    assert_int_equal(read_with("username", "\"asha\"").refusal, REFUSAL_NONE); /* it has a `sub` */
}

/* The claim of the settings, however deep it lies. */
static void finds_a_persons_roles_where_they_stand(void **state)
{
    static const struct token_rules nested = {
        .issuer = {"https://id.example", 18},
        .audience = {"agizo", 5},
        .roles_claim = {"realm_access.roles", 18},
    };
    static const char *const bodies[] = {
        "{\"active\":true,\"aud\":\"agizo\",\"client_id\":\"c\",\"exp\":1800000300,"
        "\"realm_access\":{\"roles\":[\"viewer\"]}}",
        "{\"active\":true,\"aud\":\"agizo\",\"client_id\":\"c\",\"exp\":1800000300,"
        "\"realm_access\":{}}",
    };
    static const enum refusal expected[] = {REFUSAL_SUBJECT, REFUSAL_NONE};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        const struct outbound_call call = {
            .result = OUTBOUND_ANSWERED,
            .status = 200,
            .media_type = SLICE("application/json"),
            .reply = slice_of(bodies[i]),
            .arena = &arena,
        };
        assert_int_equal(introspection_answer_read(&call, &nested, NOW).refusal, expected[i]);
    }
}

/* RFC 7662 §2.2, whatever the settings call the claim of the provider's JWTs. */
static void scopes_stand_where_the_standard_has_them(void **state)
{
    struct token_rules other = strict;
    const struct outbound_call call = {
        .result = OUTBOUND_ANSWERED,
        .status = 200,
        .media_type = SLICE("application/json"),
        .reply = SLICE("{\"active\":true,\"aud\":\"agizo\",\"sub\":\"s\",\"client_id\":\"c\","
                       "\"exp\":1800000300,\"roles\":[\"manager\"],\"scope\":\"orders:read\"}"),
        .arena = &arena,
    };
    (void)state;
    other.scope_claim = SLICE("scp");
    struct introspection_answer answer = introspection_answer_read(&call, &other, NOW);
    assert_int_equal(answer.refusal, REFUSAL_NONE);
    assert_int_equal(answer.identity.permissions, 1u << PERMISSION_ORDERS_READ);
}

static void wants_it_active(void **state)
{
    static const struct row rows[] = {
        {"active", NULL, REFUSAL_INACTIVE},
        {"active", "false", REFUSAL_INACTIVE},
        {"active", "\"true\"", REFUSAL_INACTIVE},
        {"active", "1", REFUSAL_INACTIVE},
        {"active", "null", REFUSAL_INACTIVE},
        {"active", "[true]", REFUSAL_INACTIVE},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
    assert_int_equal(read_text(200, "{\"active\":false}").refusal, REFUSAL_INACTIVE);
    assert_int_equal(read_text(200, "{}").refusal, REFUSAL_INACTIVE);
}

static void wants_it_to_be_ours(void **state)
{
    static const struct row rows[] = {
        {"iss", NULL, REFUSAL_NONE},
        {"iss", "\"https://other.example\"", REFUSAL_ISSUER},
        {"iss", "null", REFUSAL_ISSUER},
        {"aud", NULL, REFUSAL_AUDIENCE},
        {"aud", "\"other\"", REFUSAL_AUDIENCE},
        {"aud", "[\"other\",\"agizo\"]", REFUSAL_NONE},
        {"sub", "\"\"", REFUSAL_SUBJECT},
        {"sub", "7", REFUSAL_SUBJECT},
        {"sub", "null", REFUSAL_SUBJECT},
        {"client_id", NULL, REFUSAL_CLIENT},
        {"client_id", "7", REFUSAL_CLIENT},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

/* What the lenient profile takes for the client in its place does not count elsewhere. */
static void wants_the_client_by_its_own_name(void **state)
{
    struct introspection_answer answer = read_text(
        200, "{\"active\":true,\"aud\":\"agizo\",\"sub\":\"s\",\"azp\":\"c\",\"exp\":1800000300}");
    (void)state;
    assert_int_equal(answer.refusal, REFUSAL_CLIENT);
}

static void wants_it_to_be_an_access_token(void **state)
{
    static const struct row rows[] = {
        {"token_type", NULL, REFUSAL_NONE},
        {"token_type", "\"bearer\"", REFUSAL_NONE},
        {"token_type", "\"access_token\"", REFUSAL_NONE},
        {"token_type", "\"refresh_token\"", REFUSAL_OTHER_KIND},
        {"token_type", "\"N_A\"", REFUSAL_OTHER_KIND},
        {"token_type", "7", REFUSAL_OTHER_KIND},
        {"token_type", "\"DPoP\"", REFUSAL_BOUND},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

#define JKT "\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\""

static void tells_the_key_it_is_bound_to(void **state)
{
    static const struct row rows[] = {
        {"cnf", "{\"jkt\":" JKT "}", REFUSAL_NONE},
        {"cnf", "{}", REFUSAL_BOUND},
        {"cnf", "null", REFUSAL_BOUND},
        {"cnf", "{\"jkt\":\"x\"}", REFUSAL_BOUND},
        {"cnf", "{\"x5t#S256\":" JKT "}", REFUSAL_BOUND},
        {"cnf", "{\"x5t#S256\":\"x\",\"jkt\":" JKT "}", REFUSAL_BOUND},
    };
    struct introspection_answer answer = read_with("cnf", "{\"jkt\":" JKT "}");
    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
    assert_true(slice_equal(
        answer.identity.thumbprint, SLICE("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")));
}

/* NOW is 1800000000 s. No skew for the end; IN-06: kept for 30 s at most. */
static void keeps_time(void **state)
{
    static const struct row rows[] = {
        {"exp", NULL, REFUSAL_EXPIRY},
        {"exp", "\"1800000300\"", REFUSAL_EXPIRY},
        {"exp", "1800000000", REFUSAL_EXPIRED},
        {"exp", "1799999999", REFUSAL_EXPIRED},
        {"exp", "1800000000.001", REFUSAL_NONE},
        {"iat", "1800000061", REFUSAL_ISSUED_AT},
        {"iat", "\"x\"", REFUSAL_ISSUED_AT},
        {"iat", "1800000060", REFUSAL_NONE},
        {"nbf", "1800000061", REFUSAL_NOT_YET},
        {"nbf", "1800000000", REFUSAL_NONE},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
    assert_int_equal(read_with("exp", "1800000029").identity.expires_at, 1800000029000);
    assert_int_equal(read_with("exp", "1800000030").identity.expires_at, 1800000030000);
    assert_int_equal(read_with("exp", "1800000031").identity.expires_at, 1800000030000);
}

static void knows_a_kind_that_the_provider_does_not(void **state)
{
    struct introspection_answer answer = read_text(400, "{\"error\":\"unsupported_token_type\"}");
    (void)state;
    assert_null(answer.fault);
    assert_int_equal(answer.refusal, REFUSAL_INACTIVE);
}

static void tells_when_our_client_is_refused(void **state)
{
    (void)state;
    assert_true(read_text(401, "{\"error\":\"invalid_client\"}").client_refused);
    assert_true(read_text(401, "").client_refused);
    assert_true(read_text(403, "<html>").client_refused);
    assert_true(read_text(400, "{\"error\":\"invalid_client\"}").client_refused);
    assert_true(read_text(400, "{\"error\":\"unauthorized_client\"}").client_refused);
    assert_non_null(read_text(401, "").fault);
}

static void tells_when_the_provider_failed(void **state)
{
    static const int statuses[] = {100, 201, 204, 301, 302, 404, 429, 500, 503};
    static const char *const bodies[] = {
        "", "null", "[]", "true", "{", "{\"active\":true,\"active\":true}", "<html>"};
    static const char *const types[] = {
        "text/html", "text/plain", "application/jwt", "application/jsonx", NULL};
    const struct outbound_call silent = {.result = OUTBOUND_UNKNOWN, .arena = &arena};
    const struct outbound_call broken_off = {
        .result = OUTBOUND_UNKNOWN,
        .status = 200,
        .media_type = SLICE("application/json"),
        .reply = slice_of(good),
        .arena = &arena,
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        assert_non_null(read_text(statuses[i], good).fault);
        assert_non_null(read_text(statuses[i], "{\"error\":\"unsupported_token_type\"}").fault);
    }
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) assert_non_null(read_text(200, bodies[i]).fault);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        assert_non_null(read_as(200, types[i], slice_of(good)).fault);
    }
    assert_non_null(read_text(400, "{\"error\":\"invalid_request\"}").fault);
    assert_false(read_text(400, "{\"error\":\"invalid_request\"}").client_refused);
    assert_non_null(introspection_answer_read(&silent, &strict, NOW).fault);
    assert_non_null(introspection_answer_read(&broken_off, &strict, NOW).fault);
    assert_null(read_as(200, "Application/JSON; charset=utf-8", slice_of(good)).fault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_who_a_person_is),
        cmocka_unit_test(tells_what_a_service_is),
        cmocka_unit_test(takes_nobody_nameless_for_a_service_who_may_be_a_person),
        cmocka_unit_test(finds_a_persons_roles_where_they_stand),
        cmocka_unit_test(scopes_stand_where_the_standard_has_them),
        cmocka_unit_test(wants_it_active),
        cmocka_unit_test(wants_it_to_be_ours),
        cmocka_unit_test(wants_the_client_by_its_own_name),
        cmocka_unit_test(wants_it_to_be_an_access_token),
        cmocka_unit_test(tells_the_key_it_is_bound_to),
        cmocka_unit_test(keeps_time),
        cmocka_unit_test(knows_a_kind_that_the_provider_does_not),
        cmocka_unit_test(tells_when_our_client_is_refused),
        cmocka_unit_test(tells_when_the_provider_failed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
