/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of identity: what can work, and what is refused at boot.
 */
#include "auth/rules.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

static const struct provider_settings good = {
    .prefix = "AGIZO_OIDC",
    .issuer = "https://id.example",
    .audience = "agizo",
    .client_id = "",
    .client_secret = "",
    .pkce = "announced",
    .roles_claim = "roles",
    .scope_claim = "scope",
    .roles_map = "",
    .algorithms = "RS256 PS256 ES256 EdDSA Ed25519",
    .profile = "strict",
};

static bool read_rules(struct token_rules *rules, const struct provider_settings *settings)
{
    struct buf fault CLEANUP(buf_deinit);
    buf_init(&fault, 256);
    bool good_ones = token_rules_read(rules, settings, &fault);
    assert_true(good_ones == (fault.len == 0));
    return good_ones;
}

static void reads_good_settings(void **state)
{
    struct provider_settings settings = good;
    struct token_rules rules;
    (void)state;
    assert_true(read_rules(&rules, &settings));
    assert_false(rules.lenient);
    assert_false(slice_present(rules.scope_claim));
    assert_true(algorithm_in(rules.algorithms, algorithm_find(SLICE("EdDSA"))));
    assert_false(algorithm_in(rules.algorithms, algorithm_find(SLICE("ES384"))));
    settings.profile = "lenient";
    settings.scope_claim = "scp";
    settings.algorithms = " ES384  RS512 ";
    settings.issuer = "";
    assert_true(read_rules(&rules, &settings));
    assert_true(rules.lenient);
    assert_true(slice_equal(rules.scope_claim, SLICE("scp")));
    assert_true(algorithm_in(rules.algorithms, algorithm_find(SLICE("ES384"))));
    assert_false(algorithm_in(rules.algorithms, algorithm_find(SLICE("RS256"))));
}

static void assert_refused(const struct provider_settings *settings, const char *setting)
{
    struct token_rules rules;
    struct buf fault CLEANUP(buf_deinit);
    buf_init(&fault, 256);
    assert_false(token_rules_read(&rules, settings, &fault));
    assert_true(slice_starts(buf_slice(&fault), slice_of(setting)));
}

static void names_the_setting_that_cannot_work(void **state)
{
    static const char *const lists[] = {
        "", " ", "none", "HS256", "RS256 none", "RS256 HS256", "rs256", "RS256,ES256", "ES256K"};
    struct provider_settings settings = good;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        settings.algorithms = lists[i];
        assert_refused(&settings, "AGIZO_OIDC_ALGORITHMS");
    }
    settings = good;
    settings.profile = "Strict";
    assert_refused(&settings, "AGIZO_OIDC_PROFILE");
    settings = good;
    settings.audience = "";
    assert_refused(&settings, "AGIZO_OIDC_AUDIENCE");
    settings.prefix = "AGIZO_OIDC2";
    assert_refused(&settings, "AGIZO_OIDC2_AUDIENCE");
    settings = good;
    settings.roles_map = "boss=king";
    assert_refused(&settings, "AGIZO_OIDC_ROLES_MAP");
    settings = good;
    settings.scope_claim = "";
    assert_refused(&settings, "AGIZO_OIDC_SCOPE_CLAIM");
}

static void tells_the_providers_apart(void **state)
{
    const struct config config = {
        .oidc_issuer = "https://one.example",
        .oidc_roles_map = "a=clerk",
        .oidc2_issuer = "https://two.example",
        .oidc2_audience = "second",
        .oidc2_client_id = "id",
        .oidc2_client_secret = "secret",
        .oidc2_roles_claim = "groups",
        .oidc2_roles_map = "b=viewer",
        .oidc2_algorithms = "ES256",
        .oidc2_profile = "lenient",
        .oidc2_introspection = "on",
        .oidc2_pkce = "assumed",
        .oidc2_scope_claim = "scp",
    };
    struct provider_settings first = provider_settings_of(&config, 1);
    struct provider_settings second = provider_settings_of(&config, 2);
    (void)state;
    assert_string_equal(first.prefix, "AGIZO_OIDC");
    assert_string_equal(first.issuer, "https://one.example");
    assert_string_equal(first.roles_map, "a=clerk");
    assert_string_equal(second.prefix, "AGIZO_OIDC2");
    assert_string_equal(second.issuer, "https://two.example");
    assert_string_equal(second.audience, "second");
    assert_string_equal(second.client_id, "id");
    assert_string_equal(second.client_secret, "secret");
    assert_string_equal(second.roles_claim, "groups");
    assert_string_equal(second.roles_map, "b=viewer");
    assert_string_equal(second.algorithms, "ES256");
    assert_string_equal(second.profile, "lenient");
    assert_string_equal(second.introspection, "on");
    assert_string_equal(second.pkce, "assumed");
    assert_string_equal(second.scope_claim, "scp");
}

static void takes_https_and_loopback(void **state)
{
    static const char *const urls[] = {"https://id.example", "https://id.example/tenant/a/",
        "http://localhost", "http://localhost:4000/x", "http://127.0.0.1:1", "http://127.1.2.3/",
        "http://[::1]:80/x", "http://[::1]", "http://LOCALHOST"};
    struct provider_settings settings = good;
    struct token_rules rules;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        assert_true(provider_url_allowed(slice_of(urls[i])));
        settings.issuer = urls[i];
        assert_true(read_rules(&rules, &settings));
    }
}

static void refuses_other_addresses(void **state)
{
    static const char *const urls[] = {"http://id.example", "http://127.0.0.1.evil.example",
        "http://127.evil.example", "http://127.0.0.1@evil.example", "http://localhost.evil.example",
        "http://localhost@evil.example", "http://localhost:80@evil.example", "http://[::1",
        "http://[::2]", "http://", "https://", "ftp://localhost", "file:///etc/passwd",
        "file://localhost/keys", "HTTPS//x", "id.example", "/", "https://id example",
        "https://id.example\\@evil", "https://id\texample", "http://10.0.0.1", "http://0.0.0.0",
        "http://[::1]evil.example", "http://[::1]:80@evil.example", "http://@localhost"};
    struct provider_settings settings = good;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        assert_false(provider_url_allowed(slice_of(urls[i])));
        settings.issuer = urls[i];
        assert_refused(&settings, "AGIZO_OIDC_ISSUER");
    }
    settings.issuer = "https://id.example/?x=1";
    assert_refused(&settings, "AGIZO_OIDC_ISSUER");
    settings.issuer = "https://id.example/#x";
    assert_refused(&settings, "AGIZO_OIDC_ISSUER");
}

static void an_issuer_over_https_names_no_open_addresses(void **state)
{
    const struct slice secure = SLICE("https://id.example"), local = SLICE("http://localhost:4000");
    (void)state;
    assert_true(provider_url_trusted(SLICE("https://other.example/keys"), secure));
    assert_true(provider_url_trusted(SLICE("https://other.example/keys"), local));
    assert_true(provider_url_trusted(SLICE("http://127.0.0.1/keys"), local));
    assert_false(provider_url_trusted(SLICE("http://127.0.0.1/keys"), secure));
    assert_false(provider_url_trusted(SLICE("http://other.example/keys"), local));
}

static void takes_origins_as_browsers_write_them(void **state)
{
    static const char *const origins[] = {"https://orders.example", "https://orders.example:8443",
        "http://localhost:8080", "http://127.0.0.1", "http://[::1]:8080", "https://[2001:db8::1]"};
    static const char *const others[] = {"", "orders.example", "http://orders.example", "https://",
        "https://orders.example/", "https://orders.example/agizo", "https://orders.example?x",
        "https://orders.example#x", "https://u@orders.example", "https://Orders.example",
        "HTTPS://orders.example", "https://orders.example:443",
        "https://orders.example:", "http://localhost:80", "https://orders example"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
        if (!origin_allowed(slice_of(origins[i]))) fail_msg("refused: %s", origins[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (origin_allowed(slice_of(others[i]))) fail_msg("taken: %s", others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_good_settings),
        cmocka_unit_test(names_the_setting_that_cannot_work),
        cmocka_unit_test(tells_the_providers_apart),
        cmocka_unit_test(an_issuer_over_https_names_no_open_addresses),
        cmocka_unit_test(takes_origins_as_browsers_write_them),
        cmocka_unit_test(takes_https_and_loopback),
        cmocka_unit_test(refuses_other_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
