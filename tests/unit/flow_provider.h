/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One service and one provider on loopback for all tests of a program about the flows between them.
 */
#pragma once

#include <sched.h>

#include "auth/flows.h"
#include "net/outbound.h"
#include "provider_peer_thread.h"
#include "token_maker.h"

#define SESSION_KEY "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"

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
    .oidc_pkce = "announced",
    .oidc_roles_claim = "roles",
    .oidc_scope_claim = "scope",
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
    .oidc2_pkce = "announced",
    .oidc2_roles_claim = "roles",
    .oidc2_scope_claim = "scope",
    .oidc2_roles_map = "",
    .oidc2_algorithms = "EdDSA",
    .oidc2_profile = "strict",
    .oidc2_introspection = "off",
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
