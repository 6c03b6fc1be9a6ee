/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flows with a provider, from a worker's loop over the identity thread to a provider on loopback and back.
 *
 * One service and one provider serve all tests. Each test says what the provider answers, starts an operation, and lets the loop run until it
 * has completed.
 */
#include "auth/flows.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "auth/kept.h"
#include "auth/ticket.h"
#include "core/clock.h"
#include "net/outbound.h"
#include "provider_peer_thread.h"
#include "token_maker.h"

#define SESSION_KEY "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
#define HEADER "{\"alg\":\"EdDSA\",\"kid\":\"k\"}"
#define ROLES ",\"roles\":[\"manager\"]"

static struct peer *peer;
static EVP_PKEY *key, *stranger;
static struct auth *auth;
static struct seal seal;
static struct arena arena;
static struct config config = {
    .public_url = "http://127.0.0.1:8080",
    .session_key = SESSION_KEY,
    .oidc_audience = "agizo",
    .oidc_client_id = "web:1",
    .oidc_client_secret = "s+1",
    .oidc_scopes = "openid profile",
    .oidc_roles_claim = "roles",
    .oidc_roles_map = "",
    .oidc_algorithms = "EdDSA",
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
    .oidc2_roles_claim = "roles",
    .oidc2_roles_map = "",
    .oidc2_algorithms = "EdDSA",
    .oidc2_profile = "strict",
};

static void describe_provider(void)
{
    struct buf text;
    buf_init(&text, MAKER_MAX);
    buf_printf(&text,
        "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\",\"authorization_endpoint\":\"%s/go?tenant=1\","
        "\"token_endpoint\":\"%s/token\",\"userinfo_endpoint\":\"%s/userinfo\","
        "\"end_session_endpoint\":\"%s/bye\",\"revocation_endpoint\":\"%s/revoke\","
        "\"code_challenge_methods_supported\":[\"S256\"],"
        "\"authorization_response_iss_parameter_supported\":true}",
        peer->url, peer->url, peer->url, peer->url, peer->url, peer->url, peer->url);
    peer_set_json(peer, PEER_METADATA, buf_slice(&text));
    buf_reset(&text);
    buf_put_text(&text, "{\"keys\":[");
    maker_put_jwk(&text, key, ",\"kid\":\"k\"");
    buf_put_text(&text, "]}");
    peer_set_json(peer, PEER_KEYS, buf_slice(&text));
    buf_deinit(&text);
}

static int set_up(void **state)
{
    (void)state;
    outbound_global_init();
    arena_init(&arena, 1 << 24);
    key = maker_key("ED25519");
    stranger = maker_key("ED25519");
    check(seal_read(&seal, SLICE(SESSION_KEY)));
    peer = peer_start();
    describe_provider();
    peer_serve(peer);
    config.oidc_issuer = peer->url;
    auth = auth_open(&config);
    check(auth != NULL);
    while (!auth_ready(auth)) sched_yield();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_close(auth);
    peer_stop(peer);
    EVP_PKEY_free(key);
    EVP_PKEY_free(stranger);
    arena_deinit(&arena);
    return 0;
}

/* Every test begins with a provider that answers as it should. */
static int be_honest(void **state)
{
    (void)state;
    peer_set_json(peer, PEER_USERINFO, SLICE("{\"sub\":\"amina\"" ROLES ",\"name\":\"Amina\"}"));
    peer_set_json(peer, PEER_REVOKE, SLICE(""));
    return 0;
}

static void done(struct op *op)
{
    loop_stop(op->home);
}

/* Starts one operation of type auth_KIND and waits for it. */
#define COMPLETE(kind, asked)                                                                      \
    do {                                                                                           \
        struct loop *home = loop_new();                                                            \
        (asked)->arena = &arena;                                                                   \
        auth_##kind##_start(auth, home, (asked), done);                                            \
        loop_run(home);                                                                            \
        loop_free(home);                                                                           \
    } while (0)

static bool contains(struct slice text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

/* --- Sign-in --- */

static struct slice begin(struct ticket *ticket)
{
    struct auth_sign_in asked = {.issuer = 1, .return_path = SLICE("/orders?page=2")};
    COMPLETE(sign_in, &asked);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(ticket_open(ticket, &seal, asked.cookie, &arena));
    return asked.cookie;
}

static void sends_the_browser_to_the_provider(void **state)
{
    struct ticket ticket;
    struct auth_sign_in asked = {.issuer = 1, .return_path = SLICE("//evil")};
    (void)state;
    COMPLETE(sign_in, &asked);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(ticket_open(&ticket, &seal, asked.cookie, &arena));
    assert_true(slice_equal(ticket.return_path, SLICE("/")));
    assert_true(slice_equal(
        asked.url, arena_format(&arena,
                       "%s/go?tenant=1&response_type=code&client_id=web%%3A1"
                       "&redirect_uri=http%%3A%%2F%%2F127.0.0.1%%3A8080%%2Fauth%%2Fcallback"
                       "&scope=openid%%20profile&state=%.*s&nonce=%.*s&code_challenge=%.*s"
                       "&code_challenge_method=S256",
                       peer->url, SLICE_ARG(ticket.state), SLICE_ARG(ticket.nonce),
                       SLICE_ARG(ticket_challenge(&ticket, &arena)))));
}

static void knows_no_other_provider(void **state)
{
    static const size_t others[] = {0, 2, 3, SIZE_MAX};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct auth_sign_in asked = {.issuer = others[i]};
        COMPLETE(sign_in, &asked);
        assert_int_equal(asked.op.err, ERR_NOT_FOUND);
    }
}

static char *make_id_token(
    EVP_PKEY *signer, const char *header, struct slice nonce, const char *sub)
{
    long long now = clock_wall_ms() / 1000;
    struct slice payload = arena_format(&arena,
        "{\"iss\":\"%s\",\"aud\":\"web:1\",\"sub\":\"%s\",\"sid\":\"s-1\",\"nonce\":\"%.*s\","
        "\"iat\":%lld,\"exp\":%lld}",
        peer->url, sub, SLICE_ARG(nonce), now, now + 300);
    char *token = maker_token("EdDSA", signer, slice_of(header), payload);
    char *copy = (char *)arena_copy(&arena, slice_of(token)).ptr;
    free(token);
    return copy;
}

/* The token endpoint's answer, with this ID token (or none) and refresh token. */
static void answer_tokens(const char *id_token, const char *refresh_token)
{
    struct buf text;
    buf_init(&text, PEER_TEXT_MAX);
    buf_put_text(&text, "{\"token_type\":\"Bearer\",\"access_token\":\"at-1\",\"expires_in\":600");
    if (refresh_token) buf_printf(&text, ",\"refresh_token\":\"%s\"", refresh_token);
    if (id_token) buf_printf(&text, ",\"id_token\":\"%s\"", id_token);
    buf_put_char(&text, '}');
    peer_set_json(peer, PEER_TOKEN, buf_slice(&text));
    buf_deinit(&text);
}

/* As the browser comes back from an honest provider. */
static struct auth_callback come_back(struct slice cookie, const struct ticket *ticket)
{
    return (struct auth_callback){
        .issuer = 1,
        .cookie = cookie,
        .state = ticket->state,
        .code = SLICE("code/1"),
        .iss = slice_of(peer->url),
    };
}

static struct auth_callback sign_in(const char *refresh_token)
{
    struct ticket ticket;
    struct slice cookie = begin(&ticket);
    struct auth_callback asked = come_back(cookie, &ticket);
    answer_tokens(make_id_token(key, HEADER, ticket.nonce, "amina"), refresh_token);
    COMPLETE(callback, &asked);
    return asked;
}

static void signs_a_person_in(void **state)
{
    (void)state;
    struct auth_callback asked = sign_in("rt-1");
    const struct auth_grant *grant = &asked.grant;
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(slice_equal(asked.return_path, SLICE("/orders?page=2")));
    assert_true(slice_equal(grant->identity.issuer, slice_of(peer->url)));
    assert_true(slice_equal(grant->identity.subject, SLICE("amina")));
    assert_true(slice_equal(grant->identity.client_id, SLICE("web:1")));
    assert_false(grant->identity.is_service);
    assert_true(grant->identity.permissions >> PERMISSION_AUDIT_READ & 1);
    assert_true(slice_equal(grant->name, SLICE("Amina")));
    assert_true(slice_equal(grant->sid, SLICE("s-1")));
    assert_true(grant->refreshable);
    int64_t left = grant->identity.expires_at - clock_wall_ms();
    assert_true(left > 590000 && left <= 600000);
    /* base64 of "web%3A1:s%2B1" */
    assert_true(peer_was_told(peer, PEER_TOKEN, "Authorization: Basic d2ViJTNBMTpzJTJCMQ=="));
    assert_true(peer_was_told(peer, PEER_TOKEN,
        "grant_type=authorization_code&code=code%2F1"
        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fauth%2Fcallback&code_verifier="));
    assert_true(peer_was_told(peer, PEER_USERINFO, "Authorization: Bearer at-1\r\n"));
}

static void keeps_the_tokens_sealed(void **state)
{
    struct kept kept;
    (void)state;
    struct auth_callback asked = sign_in("rt-1");
    struct slice tokens = asked.grant.tokens;
    const struct kept_owner owner = {slice_of(peer->url), SLICE("amina")};
    assert_false(contains(tokens, "rt-1"));
    assert_true(kept_open(&kept, &seal, owner, tokens, &arena));
    assert_true(slice_equal(kept.refresh_token, SLICE("rt-1")));
    assert_true(slice_present(kept.id_token) && slice_present(kept.nonce));
    asked = sign_in(NULL);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_false(asked.grant.refreshable);
}

enum change {
    NO_COOKIE,
    OTHER_COOKIE,
    NO_STATE,
    OTHER_STATE,
    NO_ISS,
    OTHER_ISS,
    OTHER_NUMBER,
    NO_CODE,
    EMPTY_CODE,
    CHANGE_COUNT
};

static void change(struct auth_callback *asked, enum change what)
{
    struct ticket other;
    switch (what) {
    case NO_COOKIE: asked->cookie = slice_absent(); break;
    case OTHER_COOKIE: asked->cookie = begin(&other); break;
    case NO_STATE: asked->state = slice_absent(); break;
    case OTHER_STATE: asked->state.len--; break;
    case NO_ISS: asked->iss = slice_absent(); break;
    case OTHER_ISS: asked->iss = SLICE("https://evil.example"); break;
    case OTHER_NUMBER: asked->issuer = 2; break;
    case NO_CODE: asked->code = slice_absent(); break;
    case EMPTY_CODE: asked->code = SLICE(""); break;
    case CHANGE_COUNT: break;
    }
}

/* RP-17, RP-21, RP-22. */
static void asks_nothing_for_a_sign_in_that_is_not_ours(void **state)
{
    (void)state;
    unsigned count = peer_count(peer, PEER_TOKEN);
    for (enum change what = 0; what < CHANGE_COUNT; what++) {
        struct ticket ticket;
        struct slice cookie = begin(&ticket);
        struct auth_callback asked = come_back(cookie, &ticket);
        change(&asked, what);
        COMPLETE(callback, &asked);
        assert_int_equal(asked.op.err, ERR_BAD_SIGN_IN);
    }
    assert_int_equal(peer_count(peer, PEER_TOKEN), count);
}

static struct auth_callback come_with_ticket(const struct ticket *ticket)
{
    struct auth_callback asked = come_back(ticket_seal(ticket, &seal, &arena), ticket);
    answer_tokens(make_id_token(key, HEADER, ticket->nonce, "amina"), NULL);
    COMPLETE(callback, &asked);
    return asked;
}

static void takes_no_ticket_of_another_issuer_or_time(void **state)
{
    struct ticket ticket;
    (void)state;
    ticket_make(&ticket, 2, SLICE("/"), clock_wall_ms(), &arena);
    assert_int_equal(come_with_ticket(&ticket).op.err, ERR_BAD_SIGN_IN);
    ticket_make(&ticket, 1, SLICE("/"), clock_wall_ms() - TICKET_LIFE_MS, &arena);
    assert_int_equal(come_with_ticket(&ticket).op.err, ERR_BAD_SIGN_IN);
    ticket_make(&ticket, 1, SLICE("/"), clock_wall_ms(), &arena);
    assert_int_equal(come_with_ticket(&ticket).op.err, ERR_OK);
    unsigned count = peer_count(peer, PEER_TOKEN);
    assert_int_equal(come_with_ticket(&ticket).op.err, ERR_BAD_SIGN_IN); /* used before */
    assert_int_equal(peer_count(peer, PEER_TOKEN), count);
}

/* RP-24. */
static void believes_a_refusal(void **state)
{
    struct ticket ticket;
    (void)state;
    unsigned count = peer_count(peer, PEER_TOKEN);
    struct slice cookie = begin(&ticket);
    struct auth_callback asked = come_back(cookie, &ticket);
    asked.error = SLICE("access_denied");
    COMPLETE(callback, &asked);
    assert_int_equal(asked.op.err, ERR_SIGN_IN_REFUSED);
    assert_int_equal(peer_count(peer, PEER_TOKEN), count);
}

/* RP-28 to RP-30. */
static void fails_cleanly_without_tokens(void **state)
{
    static const struct {
        const char *head, *body;
        enum err err;
    } rows[] = {
        {"200 OK\r\nContent-Type: text/html", "<html>", ERR_PROVIDER_FAILED},
        {"200 OK\r\nContent-Type: application/json", "{}", ERR_PROVIDER_FAILED},
        {"200 OK\r\nContent-Type: application/json",
            "{\"token_type\":\"Bearer\",\"access_token\":\"a\"}", ERR_PROVIDER_FAILED},
        {"307 Temporary\r\nLocation: /userinfo", "", ERR_PROVIDER_FAILED},
        {"401 No\r\nContent-Type: application/json", "{\"error\":\"invalid_client\"}",
            ERR_PROVIDER_FAILED},
        {"400 No\r\nContent-Type: application/json", "{\"error\":\"invalid_grant\"}",
            ERR_SIGN_IN_REFUSED},
        {"403 No", "no", ERR_SIGN_IN_REFUSED},
    };
    (void)state;
    unsigned count = peer_count(peer, PEER_USERINFO);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ticket ticket;
        struct slice cookie = begin(&ticket);
        struct auth_callback asked = come_back(cookie, &ticket);
        peer_set(peer, PEER_TOKEN, rows[i].head, slice_of(rows[i].body));
        COMPLETE(callback, &asked);
        assert_int_equal(asked.op.err, rows[i].err);
    }
    assert_int_equal(peer_count(peer, PEER_USERINFO), count);
}

static enum err come_with(const char *id_token, struct slice cookie, const struct ticket *ticket)
{
    struct auth_callback asked = come_back(cookie, ticket);
    answer_tokens(id_token, NULL);
    COMPLETE(callback, &asked);
    return asked.op.err;
}

/* RP-07, RP-09, RP-10. */
static void wants_a_good_id_token(void **state)
{
    static const char *const headers[] = {"{\"alg\":\"none\",\"kid\":\"k\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"logout+jwt\"}"};
    struct ticket ticket;
    (void)state;
    unsigned count = peer_count(peer, PEER_USERINFO);
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        struct slice cookie = begin(&ticket);
        char *token = make_id_token(key, headers[i], ticket.nonce, "amina");
        assert_int_equal(come_with(token, cookie, &ticket), ERR_SIGN_IN_REFUSED);
    }
    struct slice cookie = begin(&ticket);
    assert_int_equal(
        come_with(make_id_token(stranger, HEADER, ticket.nonce, "amina"), cookie, &ticket),
        ERR_SIGN_IN_REFUSED);
    cookie = begin(&ticket);
    assert_int_equal(come_with(make_id_token(key, HEADER, SLICE("x"), "amina"), cookie, &ticket),
        ERR_SIGN_IN_REFUSED);
    cookie = begin(&ticket);
    assert_int_equal(come_with("a.b", cookie, &ticket), ERR_SIGN_IN_REFUSED);
    assert_int_equal(peer_count(peer, PEER_USERINFO), count);
}

/* RP-11. */
static void wants_userinfo_about_the_same_person(void **state)
{
    static const char *const answers[] = {"{\"sub\":\"juma\"" ROLES "}", "{\"name\":\"Amina\"}",
        "[{\"sub\":\"amina\"}]", "", "{\"sub\":7}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        peer_set_json(peer, PEER_USERINFO, slice_of(answers[i]));
        assert_int_equal(sign_in(NULL).op.err, ERR_SIGN_IN_REFUSED);
    }
}

/* RP-13: without the roles that only userinfo tells, nothing is allowed; and where it may tell them later, that is soon asked. */
static void does_without_userinfo(void **state)
{
    (void)state;
    peer_set(peer, PEER_USERINFO, "401 No", SLICE(""));
    struct auth_callback asked = sign_in("rt-1");
    assert_int_equal(asked.op.err, ERR_OK);
    assert_int_equal(asked.grant.identity.permissions, 0);
    assert_true(asked.grant.identity.expires_at > clock_wall_ms() + 500000);
    peer_set(peer, PEER_USERINFO, "503 No", SLICE(""));
    asked = sign_in("rt-1");
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(asked.grant.identity.expires_at <= clock_wall_ms() + 60000);
}

/* --- Refresh --- */

static struct auth_refresh refresh(struct slice subject, struct slice tokens)
{
    struct auth_refresh asked = {
        .issuer = slice_of(peer->url), .subject = subject, .tokens = tokens};
    COMPLETE(refresh, &asked);
    return asked;
}

static struct slice nonce_of(struct slice tokens)
{
    struct kept kept;
    const struct kept_owner owner = {slice_of(peer->url), SLICE("amina")};
    assert_true(kept_open(&kept, &seal, owner, tokens, &arena));
    return kept.nonce;
}

static void refreshes_with_rotation(void **state)
{
    (void)state;
    struct auth_callback signed_in = sign_in("rt-1");
    struct slice nonce = nonce_of(signed_in.grant.tokens);
    answer_tokens(make_id_token(key, HEADER, nonce, "amina"), "rt-2");
    peer_set_json(peer, PEER_USERINFO, SLICE("{\"sub\":\"amina\",\"roles\":[\"viewer\"]}"));
    struct auth_refresh asked = refresh(SLICE("amina"), signed_in.grant.tokens);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(peer_was_told(peer, PEER_TOKEN, "grant_type=refresh_token&refresh_token=rt-1"));
    assert_false(asked.grant.identity.permissions >> PERMISSION_AUDIT_READ & 1);
    asked = refresh(SLICE("amina"), asked.grant.tokens);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(peer_was_told(peer, PEER_TOKEN, "refresh_token=rt-2"));
    /* Neither a new refresh token nor an ID token: the old ones stay. */
    answer_tokens(NULL, NULL);
    asked = refresh(SLICE("amina"), asked.grant.tokens);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(asked.grant.refreshable);
    assert_true(slice_equal(nonce_of(asked.grant.tokens), nonce));
}

/* RP-14, RP-16. */
static void a_session_ends_when_the_provider_says_so(void **state)
{
    (void)state;
    struct slice tokens = sign_in("rt-1").grant.tokens;
    struct slice nonce = nonce_of(tokens);
    answer_tokens(make_id_token(key, HEADER, nonce, "juma"), "rt-2");
    assert_int_equal(refresh(SLICE("amina"), tokens).op.err, ERR_NO_SESSION);
    answer_tokens(make_id_token(key, HEADER, SLICE("other"), "amina"), "rt-2");
    assert_int_equal(refresh(SLICE("amina"), tokens).op.err, ERR_NO_SESSION);
    peer_set(peer, PEER_TOKEN, "400 No", SLICE("{\"error\":\"invalid_grant\"}"));
    assert_int_equal(refresh(SLICE("amina"), tokens).op.err, ERR_NO_SESSION);
    answer_tokens(NULL, "rt-2");
    peer_set(peer, PEER_USERINFO, "401 No", SLICE(""));
    assert_int_equal(refresh(SLICE("amina"), tokens).op.err, ERR_NO_SESSION);
}

static void a_session_outlives_the_providers_absence(void **state)
{
    (void)state;
    struct slice tokens = sign_in("rt-1").grant.tokens;
    peer_set(peer, PEER_TOKEN, "503 No", SLICE(""));
    assert_int_equal(refresh(SLICE("amina"), tokens).op.err, ERR_UNAVAILABLE);
    peer_set(peer, PEER_TOKEN, "401 No", SLICE("{\"error\":\"invalid_client\"}"));
    assert_int_equal(refresh(SLICE("amina"), tokens).op.err, ERR_UNAVAILABLE);
}

static void refreshes_nobody_elses_tokens(void **state)
{
    (void)state;
    unsigned count;
    struct slice tokens = sign_in("rt-1").grant.tokens, single = sign_in(NULL).grant.tokens;
    count = peer_count(peer, PEER_TOKEN);
    assert_int_equal(refresh(SLICE("juma"), tokens).op.err, ERR_NO_SESSION);
    assert_int_equal(refresh(SLICE("amina"), single).op.err, ERR_NO_SESSION);
    assert_int_equal(refresh(SLICE("amina"), SLICE("x")).op.err, ERR_NO_SESSION);
    struct auth_refresh asked = {
        .issuer = SLICE("https://gone.example"), .subject = SLICE("amina"), .tokens = tokens};
    COMPLETE(refresh, &asked);
    assert_int_equal(asked.op.err, ERR_NO_SESSION);
    assert_int_equal(peer_count(peer, PEER_TOKEN), count);
}

/* --- Sign-out --- */

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
    assert_true(slice_starts(asked.url, begin));
    assert_true(contains(asked.url, "&client_id=web%3A1&post_logout_redirect_uri="
                                    "http%3A%2F%2F127.0.0.1%3A8080%2F&state="));
    peer_await(peer, PEER_REVOKE, count + 1);
    assert_true(peer_was_told(peer, PEER_REVOKE, "token=rt-1&token_type_hint=refresh_token"));
    assert_true(peer_was_told(peer, PEER_REVOKE, "Authorization: Basic "));
}

static void signs_out_without_what_was_kept(void **state)
{
    (void)state;
    struct auth_sign_out asked = {
        .issuer = slice_of(peer->url), .subject = SLICE("amina"), .tokens = SLICE("x")};
    COMPLETE(sign_out, &asked);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(contains(asked.url, "/bye?client_id=web%3A1&"));
    asked = (struct auth_sign_out){.issuer = SLICE("https://gone.example")};
    COMPLETE(sign_out, &asked);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_false(slice_present(asked.url));
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
    COMPLETE(logout_token, &token);
    assert_int_equal(token.op.err, ERR_INVALID_LOGOUT_TOKEN);
    auth_close(auth);
    auth = with;
}

#define FLOW_TEST(f) cmocka_unit_test_setup(f, be_honest)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(sends_the_browser_to_the_provider),
        FLOW_TEST(knows_no_other_provider),
        FLOW_TEST(signs_a_person_in),
        FLOW_TEST(keeps_the_tokens_sealed),
        FLOW_TEST(asks_nothing_for_a_sign_in_that_is_not_ours),
        FLOW_TEST(takes_no_ticket_of_another_issuer_or_time),
        FLOW_TEST(believes_a_refusal),
        FLOW_TEST(fails_cleanly_without_tokens),
        FLOW_TEST(wants_a_good_id_token),
        FLOW_TEST(wants_userinfo_about_the_same_person),
        FLOW_TEST(does_without_userinfo),
        FLOW_TEST(refreshes_with_rotation),
        FLOW_TEST(a_session_ends_when_the_provider_says_so),
        FLOW_TEST(a_session_outlives_the_providers_absence),
        FLOW_TEST(refreshes_nobody_elses_tokens),
        FLOW_TEST(signs_out_at_the_provider),
        FLOW_TEST(signs_out_without_what_was_kept),
        FLOW_TEST(hears_that_sessions_are_over),
        FLOW_TEST(does_not_listen_to_strangers),
        FLOW_TEST(answers_without_a_provider),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
