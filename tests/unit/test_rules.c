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

static const struct config good = {
    .oidc_issuer = "https://id.example",
    .oidc_audience = "agizo",
    .oidc_roles_claim = "roles",
    .oidc_algorithms = "RS256 PS256 ES256 EdDSA Ed25519",
    .oidc_profile = "strict",
};

static void reads_good_settings(void **state)
{
    struct config config = good;
    struct token_rules rules;
    (void)state;
    assert_null(token_rules_read(&rules, &config));
    assert_false(rules.lenient);
    assert_true(algorithm_in(rules.algorithms, algorithm_find(SLICE("EdDSA"))));
    assert_false(algorithm_in(rules.algorithms, algorithm_find(SLICE("ES384"))));
    config.oidc_profile = "lenient";
    config.oidc_algorithms = " ES384  RS512 ";
    config.oidc_issuer = "";
    assert_null(token_rules_read(&rules, &config));
    assert_true(rules.lenient);
    assert_true(algorithm_in(rules.algorithms, algorithm_find(SLICE("ES384"))));
    assert_false(algorithm_in(rules.algorithms, algorithm_find(SLICE("RS256"))));
}

static void assert_refused(const struct config *config, const char *setting)
{
    struct token_rules rules;
    const char *fault = token_rules_read(&rules, config);
    assert_non_null(fault);
    assert_non_null(strstr(fault, setting));
}

static void names_the_setting_that_cannot_work(void **state)
{
    static const char *const lists[] = {
        "", " ", "none", "HS256", "RS256 none", "RS256 HS256", "rs256", "RS256,ES256", "ES256K"};
    struct config config = good;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        config.oidc_algorithms = lists[i];
        assert_refused(&config, "AGIZO_OIDC_ALGORITHMS");
    }
    config = good;
    config.oidc_profile = "Strict";
    assert_refused(&config, "AGIZO_OIDC_PROFILE");
    config = good;
    config.oidc_audience = "";
    assert_refused(&config, "AGIZO_OIDC_AUDIENCE");
}

static void takes_https_and_loopback(void **state)
{
    static const char *const urls[] = {"https://id.example", "https://id.example/tenant/a/",
        "http://localhost", "http://localhost:4000/x", "http://127.0.0.1:1", "http://127.1.2.3/",
        "http://[::1]:80/x", "http://[::1]", "http://LOCALHOST"};
    struct config config = good;
    struct token_rules rules;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        assert_true(provider_url_allowed(slice_of(urls[i])));
        config.oidc_issuer = urls[i];
        assert_null(token_rules_read(&rules, &config));
    }
}

static void refuses_other_addresses(void **state)
{
    static const char *const urls[] = {"http://id.example", "http://127.0.0.1.evil.example",
        "http://127.evil.example", "http://127.0.0.1@evil.example", "http://localhost.evil.example",
        "http://localhost@evil.example", "http://localhost:80@evil.example", "http://[::1",
        "http://[::2]", "http://", "https://", "ftp://localhost", "file:///etc/passwd", "HTTPS//x",
        "id.example", "/", "https://id example", "https://id.example\\@evil", "https://id\texample",
        "http://10.0.0.1", "http://0.0.0.0", "http://[::1]evil.example",
        "http://[::1]:80@evil.example", "http://@localhost"};
    struct config config = good;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        assert_false(provider_url_allowed(slice_of(urls[i])));
        config.oidc_issuer = urls[i];
        assert_refused(&config, "AGIZO_OIDC_ISSUER");
    }
    config.oidc_issuer = "https://id.example/?x=1";
    assert_refused(&config, "AGIZO_OIDC_ISSUER");
    config.oidc_issuer = "https://id.example/#x";
    assert_refused(&config, "AGIZO_OIDC_ISSUER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_good_settings),
        cmocka_unit_test(names_the_setting_that_cannot_work),
        cmocka_unit_test(takes_https_and_loopback),
        cmocka_unit_test(refuses_other_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
