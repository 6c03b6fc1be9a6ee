/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the settings demand of the issuer's tokens.
 */
#pragma once

#include "auth/algorithm.h"
#include "core/config.h"

/* Texts are borrowed from the configuration, which lives as long as the process. */
struct token_rules {
    struct slice issuer, audience, roles_claim;
    algorithm_set algorithms;
    bool lenient;
};

/* NULL on success; else what cannot work, in a literal that names the setting. An empty issuer is fine: no token will pass. */
const char *token_rules_read(struct token_rules *rules, const struct config *config);
/* True for https, and for http to a loopback address (a provider on the developer's machine). */
bool provider_url_allowed(struct slice url);
