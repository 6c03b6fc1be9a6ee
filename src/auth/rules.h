/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the settings demand of the issuer's tokens.
 */
#pragma once

#include "auth/algorithm.h"
#include "core/check.h"
#include "core/config.h"

/* What is set for one provider: AGIZO_OIDC_… or AGIZO_OIDC2_…. Texts are borrowed from the configuration. */
struct provider_settings {
    const char *prefix; /* of the settings' names */
    const char *pkce, *scope_claim;
    const char *issuer, *audience, *client_id, *client_secret, *scopes;
    const char *roles_claim, *roles_map, *algorithms, *profile, *introspection;
};

/* Texts are borrowed from the configuration, which lives as long as the process. */
struct token_rules {
    struct slice issuer, audience, roles_claim;
    struct slice scope_claim; /* absent: `scope`, as the standards have it (RFC 9068 §2.2.3) */
    struct slice
        roles_map; /* theirs=ours, with commas (permission.h); empty: the names are the same */
    algorithm_set algorithms;
    bool lenient;
};

/* `number`: from 1 to PROVIDERS_MAX. */
struct provider_settings provider_settings_of(const struct config *config, size_t number);
/* False when they cannot work; why, with the setting's name, in `fault`. An empty issuer is fine: no token will pass. */
MUST_CHECK bool token_rules_read(
    struct token_rules *rules, const struct provider_settings *settings, struct buf *fault);
/* True for https, and for http to a loopback address (a provider on the developer's machine). */
bool provider_url_allowed(struct slice url);
/* The same for an address that a provider of this issuer names: over http only when the issuer is, too. */
bool provider_url_trusted(struct slice url, struct slice issuer);
/* True for an origin as browsers write it (RFC 6454 §6.2): https, or http on a loopback address, host, perhaps a port; nothing else. */
bool origin_allowed(struct slice url);
