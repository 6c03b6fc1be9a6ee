/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider's metadata: whose it is, which addresses of it may be used, and when they count as changed.
 */
#include "auth/metadata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ISSUER SLICE("https://id.example/a")
#define OURS "\"issuer\":\"https://id.example/a\""
#define KEYS "\"jwks_uri\":\"https://id.example/keys\""

static const char *read_text(struct metadata *metadata, const char *text)
{
    return metadata_read(metadata, slice_of(text), ISSUER);
}

static void reads_all_endpoints(void **state)
{
    struct metadata metadata CLEANUP(metadata_deinit);
    const struct endpoints *endpoints = &metadata.endpoints;
    (void)state;
    assert_null(read_text(&metadata,
        "{" OURS "," KEYS ",\"authorization_endpoint\":\"https://login.example/?tenant=7\","
        "\"token_endpoint\":\"https://id.example/b/t\",\"userinfo_endpoint\":\"https://id.example/"
        "u\",\"end_session_endpoint\":\"https://id.example/e\",\"revocation_endpoint\":\"https://"
        "id.example/r\",\"introspection_endpoint\":\"https://id.example/i\","
        "\"code_challenge_methods_supported\":[\"plain\",\"S256\"],"
        "\"authorization_response_iss_parameter_supported\":true,"
        "\"id_token_signing_alg_values_supported\":[\"none\"]}"));
    assert_string_equal(metadata.keys_url, "https://id.example/keys");
    assert_string_equal(endpoints->authorization, "https://login.example/?tenant=7");
    assert_string_equal(endpoints->token, "https://id.example/b/t");
    assert_string_equal(endpoints->userinfo, "https://id.example/u");
    assert_string_equal(endpoints->end_session, "https://id.example/e");
    assert_string_equal(endpoints->revocation, "https://id.example/r");
    assert_string_equal(endpoints->introspection, "https://id.example/i");
    assert_true(endpoints->s256);
    assert_true(endpoints->iss_parameter);
}

static void what_is_missing_is_absent(void **state)
{
    struct metadata metadata CLEANUP(metadata_deinit);
    (void)state;
    assert_null(read_text(&metadata, "{" OURS "," KEYS "}"));
    assert_null(metadata.endpoints.authorization);
    assert_null(metadata.endpoints.token);
    assert_null(metadata.endpoints.end_session);
    assert_null(metadata.endpoints.introspection);
    assert_false(metadata.endpoints.s256);
    assert_false(metadata.endpoints.iss_parameter);
}

static void what_may_not_be_used_is_absent(void **state)
{
    static const char *const values[] = {"\"\"", "null", "7", "[\"https://id.example/t\"]",
        "\"http://id.example/t\"", "\"http://localhost/t\"", "\"/t\"", "\"javascript:x\"",
        "\"https://id.example/t#x\"", "\"https://id.example/ t\"", "\"https://id.example/\\nt\"",
        "\"https://id.example/\xc3\xa9\"", "\"https://\""};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        char text[512];
        struct metadata metadata CLEANUP(metadata_deinit);
        snprintf(text, sizeof(text), "{" OURS "," KEYS ",\"token_endpoint\":%s}", values[i]);
        assert_null(read_text(&metadata, text));
        if (metadata.endpoints.token) fail_msg("taken: %s", values[i]);
    }
}

static void bounds_addresses(void **state)
{
    char text[2048], filling[1200];
    struct metadata metadata CLEANUP(metadata_deinit);
    (void)state;
    memset(filling, 'x', sizeof(filling));
    filling[sizeof(filling) - 1] = '\0';
    snprintf(text, sizeof(text), "{" OURS "," KEYS ",\"token_endpoint\":\"https://id.example/%s\"}",
        filling);
    assert_null(read_text(&metadata, text));
    assert_null(metadata.endpoints.token);
}

static void flags_are_what_they_say(void **state)
{
    static const char *const texts[] = {
        "{" OURS "," KEYS ",\"code_challenge_methods_supported\":[\"plain\"]}",
        "{" OURS "," KEYS ",\"code_challenge_methods_supported\":[\"s256\",7]}",
        "{" OURS "," KEYS ",\"code_challenge_methods_supported\":\"S256\"}",
        "{" OURS "," KEYS ",\"code_challenge_methods_supported\":[]}",
        "{" OURS "," KEYS ",\"code_challenge_methods_supported\":null}",
        "{" OURS "," KEYS ",\"authorization_response_iss_parameter_supported\":\"true\"}",
        "{" OURS "," KEYS ",\"authorization_response_iss_parameter_supported\":1}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct metadata metadata CLEANUP(metadata_deinit);
        assert_null(read_text(&metadata, texts[i]));
        assert_false(metadata.endpoints.s256 || metadata.endpoints.iss_parameter);
        assert_true(metadata.endpoints.lists_challenges == (strstr(texts[i], "challenge") != NULL));
    }
}

static void refuses_what_is_not_the_issuers(void **state)
{
    static const char *const texts[] = {"", "<html>", "[]", "{}", "{" KEYS "}", "{" OURS "}",
        "{\"issuer\":\"https://id.example/a/\"," KEYS "}",
        "{\"issuer\":\"https://id.example\"," KEYS "}",
        "{\"issuer\":\"https://ID.example/a\"," KEYS "}",
        "{\"issuer\":[\"https://id.example/a\"]," KEYS "}",
        "{" OURS ",\"jwks_uri\":\"http://id.example/keys\"}", "{" OURS ",\"jwks_uri\":7}",
        "{" OURS "," OURS "," KEYS "}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct metadata metadata CLEANUP(metadata_deinit);
        if (!read_text(&metadata, texts[i])) fail_msg("taken: %s", texts[i]);
        assert_null(metadata.keys_url);
    }
}

#define WITH(more) "{" OURS "," KEYS ",\"token_endpoint\":\"https://id.example/" more "}"

static void the_same_endpoints_stay_where_they_are(void **state)
{
    static const char *const others[] = {WITH("u\""), "{" OURS "," KEYS "}",
        WITH("t\",\"revocation_endpoint\":\"https://id.example/r\""),
        WITH("t\",\"code_challenge_methods_supported\":[\"plain\"]"),
        WITH("t\",\"code_challenge_methods_supported\":[\"S256\"]")};
    struct endpoints endpoints CLEANUP(endpoints_deinit) = {.s256 = false};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct metadata first, again, other;
        assert_null(read_text(&first, WITH("t\"")));
        assert_null(read_text(&again, WITH("t\"")));
        assert_null(read_text(&other, others[i]));
        metadata_move_endpoints(&first, &endpoints);
        const char *token = endpoints.token;
        assert_string_equal(token, "https://id.example/t");
        metadata_move_endpoints(&again, &endpoints);
        assert_ptr_equal(endpoints.token, token);
        metadata_move_endpoints(&other, &endpoints);
        assert_null(other.endpoints.token);
        metadata_deinit(&first);
        metadata_deinit(&again);
        metadata_deinit(&other);
    }
    assert_true(endpoints.s256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all_endpoints),
        cmocka_unit_test(what_is_missing_is_absent),
        cmocka_unit_test(what_may_not_be_used_is_absent),
        cmocka_unit_test(bounds_addresses),
        cmocka_unit_test(flags_are_what_they_say),
        cmocka_unit_test(refuses_what_is_not_the_issuers),
        cmocka_unit_test(the_same_endpoints_stay_where_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
