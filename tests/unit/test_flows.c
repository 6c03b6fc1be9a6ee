/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sign-in and refresh, from a worker's loop over the identity thread to a provider on loopback and back.
 *
 * One service and one provider serve all tests. Each test says what the provider answers, starts an operation, and lets the loop run until it
 * has completed.
 */
#include "auth/flows.h"

#include "flow_moves.h"

/* --- Sign-in --- */

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
    LONG_CODE,
    CHANGE_COUNT
};

static void change(struct auth_callback *asked, enum change what)
{
    struct ticket other;
    static char long_code[4097];
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
    case LONG_CODE:
        memset(long_code, 'a', sizeof(long_code));
        asked->code = (struct slice){long_code, sizeof(long_code)};
        break;
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
    peer_set(peer, PEER_USERINFO, "200 OK\r\nContent-Type: text/html",
        SLICE("{\"sub\":\"amina\"" ROLES "}"));
    assert_int_equal(sign_in(NULL).op.err, ERR_SIGN_IN_REFUSED);
}

/* RP-12. */
static void userinfo_adds_but_does_not_contradict(void **state)
{
    (void)state;
    peer_set_json(
        peer, PEER_USERINFO, SLICE("{\"sub\":\"amina\",\"sid\":\"s-2\",\"name\":\"Amina\"}"));
    struct auth_callback asked = sign_in(NULL);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(slice_equal(asked.grant.name, SLICE("Amina")));
    assert_true(slice_equal(asked.grant.sid, SLICE("s-1")));
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
        FLOW_TEST(userinfo_adds_but_does_not_contradict),
        FLOW_TEST(does_without_userinfo),
        FLOW_TEST(refreshes_with_rotation),
        FLOW_TEST(a_session_ends_when_the_provider_says_so),
        FLOW_TEST(a_session_outlives_the_providers_absence),
        FLOW_TEST(refreshes_nobody_elses_tokens),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
