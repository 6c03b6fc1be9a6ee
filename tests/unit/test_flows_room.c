/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who shares room with whom when a provider hangs: two providers, the second of which takes connections and says nothing.
 */
#include "auth/flows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "auth/ticket.h"
#include "flow_answers.h"

#define STRANGERS (2 * FLOWS_MAX)

static struct auth *both; /* a service of both providers */
static int silent;        /* the second one's socket */
static char silent_url[64];

static void open_silent(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(bind(silent, (struct sockaddr *)&address, len) == 0 && listen(silent, 8) == 0);
    check(getsockname(silent, (struct sockaddr *)&address, &len) == 0);
    snprintf(silent_url, sizeof(silent_url), "http://127.0.0.1:%u", ntohs(address.sin_port));
}

static int set_up_both(void **state)
{
    set_up(state);
    open_silent();
    config.oidc2_issuer = silent_url;
    config.oidc2_client_id = "web:2";
    config.oidc2_client_secret = "s+2";
    both = auth_open(&config);
    check(both != NULL);
    while (!auth_ready(both)) sched_yield();
    return 0;
}

static int tear_down_both(void **state)
{
    auth_close(both);
    close(silent);
    return tear_down(state);
}

static void done(struct op *op)
{
    unsigned *left = op->owner;
    if (--*left == 0) loop_stop(op->home);
}

static struct slice make_logout_token(EVP_PKEY *signer, const char *issuer)
{
    long long now = clock_wall_ms() / 1000;
    struct slice payload = arena_format(&arena,
        "{\"iss\":\"%s\",\"aud\":\"web:1\",\"sub\":\"amina\",\"jti\":\"j\",\"iat\":%lld,"
        "\"exp\":%lld,\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}}",
        issuer, now, now + 120);
    char *token = maker_token("EdDSA", signer,
        SLICE("{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"logout+jwt\"}"), payload);
    struct slice copy = arena_copy(&arena, slice_of(token));
    free(token);
    return copy;
}

static enum err log_out(void)
{
    unsigned left = 1;
    struct loop *home = loop_new();
    struct auth_logout_token asked = {
        .op.owner = &left, .arena = &arena, .token = make_logout_token(key, peer->url)};
    auth_logout_token_start(both, home, &asked, done);
    loop_run(home);
    loop_free(home);
    return asked.op.err;
}

static enum err sign_in(void)
{
    unsigned left = 1;
    struct loop *home = loop_new();
    struct ticket ticket;
    ticket_make(&ticket, 1, SLICE("/"), clock_wall_ms(), &arena);
    struct auth_callback asked = {
        .op.owner = &left,
        .arena = &arena,
        .issuer = 1,
        .cookie = ticket_seal(&ticket, &seal, &arena),
        .state = ticket.state,
        .code = SLICE("code/1"),
        .iss = slice_of(peer->url),
    };
    answer_tokens(make_id_token(key, HEADER, ticket.nonce, "amina"), NULL);
    auth_callback_start(both, home, &asked, done);
    loop_run(home);
    loop_free(home);
    return asked.op.err;
}

/* Anybody may send a logout token in a provider's name, and while its keys cannot be had each of them waits. */
static void strangers_take_nobodys_room(void **state)
{
    static struct auth_logout_token tokens[STRANGERS];
    struct loop *home = loop_new();
    struct slice token = make_logout_token(stranger, silent_url);
    unsigned left = STRANGERS, busy = 0;
    (void)state;
    for (size_t i = 0; i < STRANGERS; i++) {
        tokens[i] = (struct auth_logout_token){.op.owner = &left, .arena = &arena, .token = token};
        auth_logout_token_start(both, home, &tokens[i], done);
    }
    assert_int_equal(sign_in(), ERR_OK);
    assert_int_equal(log_out(), ERR_OK);
    auth_drain(both, 0); /* nobody waits any longer */
    loop_run(home);
    loop_free(home);
    for (size_t i = 0; i < STRANGERS; i++) busy += tokens[i].op.err == ERR_BUSY;
    assert_int_equal(busy, STRANGERS - TOKENS_SHARE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(strangers_take_nobodys_room),
    };
    return cmocka_run_group_tests(tests, set_up_both, tear_down_both);
}
