/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the provider of flow_provider.h answers: as it should, at the beginning of every test, and the tokens that a test wants.
 */
#pragma once

#include "core/clock.h"
#include "flow_provider.h"

#define HEADER "{\"alg\":\"EdDSA\",\"kid\":\"k\"}"
#define ROLES ",\"roles\":[\"manager\"]"

/* Every test begins with a provider that answers as it should. */
static int be_honest(void **state)
{
    (void)state;
    peer_set_json(peer, PEER_USERINFO, SLICE("{\"sub\":\"amina\"" ROLES ",\"name\":\"Amina\"}"));
    peer_set_json(peer, PEER_REVOKE, SLICE(""));
    return 0;
}

#define FLOW_TEST(f) cmocka_unit_test_setup(f, be_honest)

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
