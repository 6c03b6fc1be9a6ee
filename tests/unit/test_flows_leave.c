/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sign-out and logout tokens, from a worker's loop over the identity thread to a provider on loopback and back; and what the flows do without
 * keys, without a client, without a provider.
 *
 * One service and one provider serve all tests. Each test says what the provider answers, starts an operation, and lets the loop run until it
 * has completed.
 */
#include "auth/flows.h"

#include "auth/leave.h"
#include "flow_moves.h"

/* --- Sign-out --- */

static struct auth_leave take_leave(struct slice ticket, struct slice secret)
{
    struct auth_leave asked = {.ticket = ticket, .secret = secret};
    COMPLETE(leave, &asked);
    return asked;
}

static void signs_out_at_the_provider(void **state)
{
    (void)state;
    unsigned count = peer_count(peer, PEER_REVOKE);
    struct auth_sign_out asked = {.issuer = slice_of(peer->url),
        .subject = SLICE("amina"),
        .tokens = sign_in("rt-1").grant.tokens};
    COMPLETE(sign_out, &asked);
    assert_int_equal(asked.op.err, ERR_OK);
    struct slice begin = arena_format(&arena, "%s/bye?id_token_hint=ey", peer->url);
    struct auth_leave leave = take_leave(asked.ticket, asked.secret);
    assert_int_equal(leave.op.err, ERR_OK);
    assert_true(slice_starts(leave.url, begin));
    assert_true(contains(leave.url, "&client_id=web%3A1&post_logout_redirect_uri="
                                    "http%3A%2F%2F127.0.0.1%3A8080%2F&state="));
    peer_await(peer, PEER_REVOKE, count + 1);
    assert_true(peer_was_told(peer, PEER_REVOKE, "token=rt-1&token_type_hint=refresh_token"));
    assert_true(peer_was_told(peer, PEER_REVOKE, "Authorization: Basic "));
}

/* Only whoever has both, and once. */
static void the_way_out_is_for_one_browser(void **state)
{
    (void)state;
    struct auth_sign_out one = {.issuer = slice_of(peer->url), .subject = SLICE("amina")};
    struct auth_sign_out other = one;
    COMPLETE(sign_out, &one);
    COMPLETE(sign_out, &other);
    const struct auth_leave wrong[] = {
        {.ticket = one.ticket, .secret = other.secret},
        {.ticket = one.ticket, .secret = slice_absent()},
        {.ticket = one.ticket, .secret = {one.secret.ptr, one.secret.len - 1}},
        {.ticket = slice_absent(), .secret = one.secret},
        {.ticket = SLICE("x"), .secret = one.secret},
        {.ticket = {one.ticket.ptr, one.ticket.len - 1}, .secret = one.secret},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct auth_leave leave = take_leave(wrong[i].ticket, wrong[i].secret);
        assert_int_equal(leave.op.err, ERR_BAD_SIGN_OUT);
        assert_false(slice_present(leave.url));
    }
    assert_int_equal(take_leave(one.ticket, one.secret).op.err, ERR_OK);
    assert_int_equal(take_leave(one.ticket, one.secret).op.err, ERR_BAD_SIGN_OUT);
    assert_int_equal(take_leave(other.ticket, other.secret).op.err, ERR_OK);
}

static void a_way_out_ends(void **state)
{
    struct leave late, good;
    int64_t now = clock_wall_ms();
    (void)state;
    leave_make(&late, SLICE("https://id.example/bye"), now - LEAVE_LIFE_MS, &arena);
    leave_make(&good, SLICE("https://id.example/bye"), now - LEAVE_LIFE_MS + 30000, &arena);
    assert_int_equal(
        take_leave(leave_seal(&late, &seal, &arena), late.secret).op.err, ERR_BAD_SIGN_OUT);
    assert_int_equal(take_leave(leave_seal(&good, &seal, &arena), good.secret).op.err, ERR_OK);
}

static void signs_out_without_what_was_kept(void **state)
{
    (void)state;
    struct auth_sign_out asked = {
        .issuer = slice_of(peer->url), .subject = SLICE("amina"), .tokens = SLICE("x")};
    COMPLETE(sign_out, &asked);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(contains(take_leave(asked.ticket, asked.secret).url, "/bye?client_id=web%3A1&"));
    asked = (struct auth_sign_out){.issuer = SLICE("https://gone.example")};
    COMPLETE(sign_out, &asked);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_false(slice_present(asked.ticket) || slice_present(asked.secret));
}

/* --- Logout tokens --- */

static struct auth_logout_token log_out(EVP_PKEY *signer, const char *type, const char *issuer)
{
    long long now = clock_wall_ms() / 1000;
    struct slice header =
        arena_format(&arena, "{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"%s\"}", type);
    struct slice payload = arena_format(&arena,
        "{\"iss\":\"%s\",\"aud\":\"web:1\",\"sub\":\"amina\",\"jti\":\"j\",\"iat\":%lld,"
        "\"exp\":%lld,\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}}",
        issuer, now, now + 120);
    char *token = maker_token("EdDSA", signer, header, payload);
    struct auth_logout_token asked = {.token = slice_of(token)};
    COMPLETE(logout_token, &asked);
    asked.token = slice_absent();
    free(token);
    return asked;
}

static void hears_that_sessions_are_over(void **state)
{
    static const char *const types[] = {"logout+jwt", "LOGOUT+JWT", "JWT"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct auth_logout_token asked = log_out(key, types[i], peer->url);
        const struct slice parts[] = {slice_of(peer->url), SLICE("j")};
        struct digest id = digest_parts(parts, ARRAY_LEN(parts));
        assert_int_equal(asked.op.err, ERR_OK);
        assert_true(slice_equal(asked.issuer, slice_of(peer->url)));
        assert_true(slice_equal(asked.subject, SLICE("amina")));
        assert_false(slice_present(asked.sid));
        assert_memory_equal(&asked.id, &id, sizeof(id));
        assert_true(asked.expires_at > clock_wall_ms());
    }
}

/* BL-03, BL-06, BL-11. */
static void does_not_listen_to_strangers(void **state)
{
    struct auth_logout_token asked = {.token = SLICE("a.b.c")};
    (void)state;
    COMPLETE(logout_token, &asked);
    assert_int_equal(asked.op.err, ERR_INVALID_LOGOUT_TOKEN);
    assert_int_equal(log_out(stranger, "JWT", peer->url).op.err, ERR_INVALID_LOGOUT_TOKEN);
    assert_int_equal(log_out(key, "at+jwt", peer->url).op.err, ERR_INVALID_LOGOUT_TOKEN);
    assert_int_equal(log_out(key, "JWT", "https://id.example").op.err, ERR_INVALID_LOGOUT_TOKEN);
    assert_int_equal(log_out(key, "JWT", "").op.err, ERR_INVALID_LOGOUT_TOKEN);
    asked = (struct auth_logout_token){
        .token = slice_of(make_id_token(key, HEADER, SLICE("n"), "amina"))};
    COMPLETE(logout_token, &asked);
    assert_int_equal(asked.op.err, ERR_INVALID_LOGOUT_TOKEN);
}

/* --- Without keys, without a client --- */

/* A second service, of the same provider. */
static void open_another(const struct config *other, struct auth **former)
{
    *former = auth;
    auth = auth_open(other);
    assert_non_null(auth);
}

/* The token may be good, but nobody here can tell: that is the provider's failure and no refusal, which would end a session. */
static void waits_for_nobody_who_has_no_keys(void **state)
{
    struct auth *former;
    struct ticket ticket;
    struct auth_sign_in begun = {.issuer = 1};
    (void)state;
    struct slice tokens = sign_in("rt-1").grant.tokens;
    peer_set(peer, PEER_KEYS, "503 No", SLICE(""));
    open_another(&config, &former);
    do { /* until the metadata is there */
        COMPLETE(sign_in, &begun);
    } while (begun.op.err == ERR_UNAVAILABLE);
    assert_true(ticket_open(&ticket, &seal, begun.cookie, &arena));
    char *token = make_id_token(key, HEADER, ticket.nonce, "amina");
    assert_int_equal(come_with(token, begun.cookie, &ticket), ERR_PROVIDER_FAILED);
    answer_tokens(make_id_token(key, HEADER, nonce_of(tokens), "amina"), "rt-2");
    assert_int_equal(refresh(SLICE("amina"), tokens).op.err, ERR_UNAVAILABLE);
    assert_int_equal(log_out(key, "JWT", peer->url).op.err, ERR_UNAVAILABLE);
    auth_close(auth);
    auth = former;
    describe_provider();
}

/* An issuer of tokens alone signs nobody in, and nobody out. */
static void has_no_sessions_of_an_issuer_without_a_client(void **state)
{
    struct auth *former;
    struct config two = config;
    struct auth_sign_in in = {.issuer = 2};
    (void)state;
    two.oidc2_issuer = "https://tokens.example";
    open_another(&two, &former);
    COMPLETE(sign_in, &in);
    assert_int_equal(in.op.err, ERR_NOT_FOUND);
    assert_int_equal(log_out(key, "JWT", two.oidc2_issuer).op.err, ERR_INVALID_LOGOUT_TOKEN);
    auth_close(auth);
    auth = former;
}

/* --- Without a provider --- */

static void answers_without_a_provider(void **state)
{
    struct auth *with = auth;
    struct config none = config;
    struct auth_sign_in in = {.issuer = 1};
    struct auth_callback callback = {.issuer = 1, .cookie = SLICE("x")};
    struct auth_sign_out out = {.issuer = SLICE("https://gone.example")};
    struct auth_logout_token token = {.token = SLICE("a.b.c")};
    (void)state;
    none.oidc_issuer = none.oidc_client_id = none.oidc_client_secret = "";
    auth = auth_open(&none);
    assert_non_null(auth);
    COMPLETE(sign_in, &in);
    assert_int_equal(in.op.err, ERR_NOT_FOUND);
    COMPLETE(callback, &callback);
    assert_int_equal(callback.op.err, ERR_BAD_SIGN_IN);
    assert_int_equal(refresh(SLICE("amina"), SLICE("x")).op.err, ERR_NO_SESSION);
    COMPLETE(sign_out, &out);
    assert_int_equal(out.op.err, ERR_OK);
    assert_int_equal(take_leave(SLICE("x"), SLICE("x")).op.err, ERR_BAD_SIGN_OUT);
    COMPLETE(logout_token, &token);
    assert_int_equal(token.op.err, ERR_INVALID_LOGOUT_TOKEN);
    auth_close(auth);
    auth = with;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(signs_out_at_the_provider),
        FLOW_TEST(the_way_out_is_for_one_browser),
        FLOW_TEST(a_way_out_ends),
        FLOW_TEST(signs_out_without_what_was_kept),
        FLOW_TEST(hears_that_sessions_are_over),
        FLOW_TEST(does_not_listen_to_strangers),
        FLOW_TEST(waits_for_nobody_who_has_no_keys),
        FLOW_TEST(has_no_sessions_of_an_issuer_without_a_client),
        FLOW_TEST(answers_without_a_provider),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
