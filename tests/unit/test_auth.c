/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing: without an issuer, with settings that cannot work, and while the provider is away.
 */
#include "auth/link.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "obs/log.h"

static int lines_fd;

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
/* The discard service: nobody listens. */
#define AWAY "http://127.0.0.1:9/"

static const struct config settings = {
    .public_url = "",
    .oidc_issuer = "",
    .oidc_audience = "agizo",
    .oidc_client_id = "",
    .oidc_client_secret = "",
    .oidc_scopes = "openid",
    .oidc_pkce = "announced",
    .oidc_roles_claim = "roles",
    .oidc_scope_claim = "scope",
    .oidc_roles_map = "",
    .oidc_algorithms = "RS256",
    .oidc_profile = "strict",
    .oidc_refresh = 300,
    .oidc_stale = 3600,
    .oidc_introspection = "off",
    .oidc_dpop = "off",
    .oidc2_issuer = "",
    .oidc2_audience = "agizo",
    .oidc2_client_id = "",
    .oidc2_client_secret = "",
    .oidc2_scopes = "openid",
    .oidc2_pkce = "announced",
    .oidc2_roles_claim = "roles",
    .oidc2_scope_claim = "scope",
    .oidc2_roles_map = "",
    .oidc2_algorithms = "RS256",
    .oidc2_profile = "strict",
    .oidc2_introspection = "off",
    .session_key = "",
};

/* Two providers, people sign in by both. */
static const struct config *with_both(struct config *config)
{
    *config = settings;
    config->public_url = "https://orders.example";
    config->session_key = KEY;
    config->oidc_issuer = AWAY "one";
    config->oidc_client_id = "agizo";
    config->oidc_client_secret = "s1";
    config->oidc2_issuer = AWAY "two";
    config->oidc2_client_id = "agizo-at-two";
    config->oidc2_client_secret = "s2";
    return config;
}

static void never_done(struct op *op)
{
    (void)op;
    fail();
}

static void refuse_everything(struct auth *auth)
{
    struct arena arena;
    struct loop *loop = loop_new();
    struct auth_link *link = auth_link_new(auth, loop);
    arena_init(&arena, 4096);
    struct auth_check check = {.arena = &arena, .token = SLICE("a.b.c")};
    assert_false(auth_ready(auth));
    assert_true(auth_check_start(link, &check, never_done));
    assert_int_equal(check.op.err, ERR_UNAVAILABLE);
    auth_link_free(link);
    loop_free(loop);
    arena_deinit(&arena);
}

static void is_never_ready_without_an_issuer(void **state)
{
    (void)state;
    struct auth *auth = auth_open(&settings);
    assert_non_null(auth);
    refuse_everything(auth);
    auth_close(auth);
}

static void opens_while_the_provider_is_away(void **state)
{
    struct config config = settings;
    (void)state;
    config.oidc_issuer = AWAY;
    struct auth *auth = auth_open(&config);
    assert_non_null(auth);
    refuse_everything(auth);
    auth_close(auth);
}

static void does_not_open_with_settings_that_cannot_work(void **state)
{
    struct config config = settings;
    (void)state;
    config.oidc_issuer = "http://id.example";
    assert_null(auth_open(&config));
}

static void opens_with_two_providers(void **state)
{
    struct config config;
    (void)state;
    struct auth *auth = auth_open(with_both(&config));
    assert_non_null(auth);
    assert_int_equal(auth->provider_count, 2);
    const struct provider *first = auth_provider_by_issuer(auth, SLICE(AWAY "one"));
    const struct provider *second = auth_provider_by_issuer(auth, SLICE(AWAY "two"));
    assert_ptr_equal(first, &auth->providers[0]);
    assert_ptr_equal(second, &auth->providers[1]);
    assert_null(auth_provider_by_issuer(auth, SLICE(AWAY)));
    assert_null(auth_provider_by_issuer(auth, slice_absent()));
    assert_int_equal(second->number, 2);
    assert_true(slice_equal(second->client_id, SLICE("agizo-at-two")));
    assert_true(slice_equal(first->redirect_uri, SLICE("https://orders.example/auth/callback")));
    assert_true(slice_equal(second->redirect_uri, SLICE("https://orders.example/auth/callback/2")));
    refuse_everything(auth);
    auth_close(auth);
}

static void needs_neither_client_nor_session_key(void **state)
{
    struct config config = settings;
    (void)state;
    config.oidc_issuer = AWAY "one";
    config.oidc2_issuer = AWAY "two";
    struct auth *auth = auth_open(&config);
    assert_non_null(auth);
    assert_int_equal(auth->provider_count, 2);
    assert_false(slice_present(auth->providers[0].redirect_uri));
    assert_int_equal(auth->seal.count, 0);
    auth_close(auth);
}

/* A client for introspection alone. */
static void may_have_a_client_that_nobody_signs_in_by(void **state)
{
    struct config config;
    (void)state;
    with_both(&config);
    config.public_url = config.session_key = "";
    struct auth *auth = auth_open(&config);
    assert_non_null(auth);
    assert_true(slice_equal(auth->providers[0].client_id, SLICE("agizo")));
    assert_false(slice_present(auth->providers[0].redirect_uri));
    auth_close(auth);
}

static void assert_refused(const struct config *config, const char *why)
{
    static char text[4096];
    while (read(lines_fd, text, sizeof(text)) > 0) continue;
    assert_null(auth_open(config));
    ssize_t len = read(lines_fd, text, sizeof(text) - 1);
    assert_true(len > 0);
    text[len] = '\0';
    if (!strstr(text, why)) fail_msg("expected %s, got %s", why, text);
}

/* Each differs in one setting from what can work. */
static void does_not_open_when_settings_do_not_fit(void **state)
{
    static struct config config;
    static const struct {
        const char **setting, *value, *why;
    } rows[] = {
        {&config.public_url, "", "AGIZO_OIDC_CLIENT_ID needs AGIZO_PUBLIC_URL and"},
        {&config.session_key, "", "AGIZO_OIDC_CLIENT_ID needs AGIZO_PUBLIC_URL and"},
        {&config.public_url, "http://orders.example", "AGIZO_PUBLIC_URL must be https"},
        {&config.public_url, "https://orders.example/", "AGIZO_PUBLIC_URL must be https"},
        {&config.session_key, "short", "AGIZO_SESSION_KEY must be base64url"},
        {&config.oidc_issuer, "", "AGIZO_OIDC2_ISSUER is set without AGIZO_OIDC_ISSUER"},
        {&config.oidc_client_id, "", "AGIZO_OIDC_CLIENT_SECRET is set without"},
        {&config.oidc_client_secret, "", "AGIZO_OIDC_CLIENT_ID is set without its secret"},
        {&config.oidc2_issuer, AWAY "one", "AGIZO_OIDC2_ISSUER is the same"},
        {&config.oidc2_issuer, "", "AGIZO_OIDC2_CLIENT_ID is set without an issuer"},
        {&config.oidc2_issuer, "https://id.example?x", "AGIZO_OIDC2_ISSUER must be"},
        {&config.oidc2_client_id, "", "AGIZO_OIDC2_CLIENT_SECRET is set without"},
        {&config.oidc2_client_secret, "", "AGIZO_OIDC2_CLIENT_ID is set without its secret"},
        {&config.oidc2_profile, "Strict", "AGIZO_OIDC2_PROFILE must be"},
        {&config.oidc_pkce, "plain", "AGIZO_OIDC_PKCE must be announced or assumed"},
        {&config.oidc2_pkce, "", "AGIZO_OIDC2_PKCE must be announced or assumed"},
        {&config.oidc_scope_claim, "", "AGIZO_OIDC_SCOPE_CLAIM must not be empty"},
        {&config.oidc_roles_map, "a=king", "AGIZO_OIDC_ROLES_MAP must be"},
        {&config.oidc2_roles_map, "a", "AGIZO_OIDC2_ROLES_MAP must be"},
        {&config.oidc2_algorithms, "none", "AGIZO_OIDC2_ALGORITHMS names"},
        {&config.oidc_introspection, "yes", "AGIZO_OIDC_INTROSPECTION must be off or on"},
        {&config.oidc2_introspection, "", "AGIZO_OIDC2_INTROSPECTION must be off or on"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        with_both(&config);
        *rows[i].setting = rows[i].value;
        assert_refused(&config, rows[i].why);
    }
}

static void asks_nobody_without_a_client(void **state)
{
    struct config config = settings;
    (void)state;
    config.oidc_issuer = AWAY "one";
    config.oidc2_issuer = AWAY "two";
    config.oidc2_introspection = "on";
    assert_refused(&config, "AGIZO_OIDC2_INTROSPECTION needs AGIZO_OIDC2_CLIENT_ID");
    config.oidc_introspection = "on";
    assert_refused(&config, "AGIZO_OIDC_INTROSPECTION needs AGIZO_OIDC_CLIENT_ID");
}

static void asks_where_introspection_is_on(void **state)
{
    struct config config;
    (void)state;
    with_both(&config);
    config.oidc2_introspection = "on";
    struct auth *auth = auth_open(&config);
    assert_null(auth->introspections[0]);
    assert_non_null(auth->introspections[1]);
    auth_close(auth);
}

/* Puts a pipe behind descriptor 2 for as long as the log opens its sink; cmocka reports to the old one. */
static int catch_log(void **state)
{
    int ends[2], terminal = dup(STDERR_FILENO);
    (void)state;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    lines_fd = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    log_event(LOG_SERVICE_STARTED);
    dup2(terminal, STDERR_FILENO);
    return close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_never_ready_without_an_issuer),
        cmocka_unit_test(opens_while_the_provider_is_away),
        cmocka_unit_test(does_not_open_with_settings_that_cannot_work),
        cmocka_unit_test(opens_with_two_providers),
        cmocka_unit_test(needs_neither_client_nor_session_key),
        cmocka_unit_test(may_have_a_client_that_nobody_signs_in_by),
        cmocka_unit_test(does_not_open_when_settings_do_not_fit),
        cmocka_unit_test(asks_nobody_without_a_client),
        cmocka_unit_test(asks_where_introspection_is_on),
    };
    return cmocka_run_group_tests(tests, catch_log, NULL);
}
