/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing: without an issuer, with settings that cannot work, and while the provider is away.
 */
#include "auth/auth.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct config settings = {
    .oidc_issuer = "",
    .oidc_audience = "agizo",
    .oidc_roles_claim = "roles",
    .oidc_algorithms = "RS256",
    .oidc_profile = "strict",
    .oidc_refresh = 300,
    .oidc_stale = 3600,
};

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
    config.oidc_issuer = "http://127.0.0.1:9/"; /* the discard service: nobody listens */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_never_ready_without_an_issuer),
        cmocka_unit_test(opens_while_the_provider_is_away),
        cmocka_unit_test(does_not_open_with_settings_that_cannot_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
