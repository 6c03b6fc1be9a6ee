/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of identity, read once at boot. Stateless; any thread.
 */
#include "auth/rules.h"

static bool digits_and_dots(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c != '.' && (c < '0' || c > '9')) return false;
    }
    return true;
}

/* `authority`: what stands between `http://` and the path. */
static bool loopback(struct slice authority)
{
    static const struct slice six = {"[::1]", 5};
    if (memchr(authority.ptr, '@', authority.len)) return false; /* the host stands behind it */
    if (slice_starts(authority, six)) {
        return authority.len == six.len || authority.ptr[six.len] == ':';
    }
    struct slice host = slice_cut(&authority, ':');
    if (slice_starts(host, SLICE("127."))) return digits_and_dots(host);
    return slice_equal_nocase(host, SLICE("localhost"));
}

/* No blanks, controls, or bytes outside of ASCII: nothing that two readers could take for two addresses. */
static bool plain(struct slice url)
{
    for (size_t i = 0; i < url.len; i++) {
        if (url.ptr[i] <= ' ' || url.ptr[i] == '\\' || url.ptr[i] == 0x7f) return false;
    }
    return true;
}

bool provider_url_allowed(struct slice url)
{
    static const struct slice open = {"http://", 7};
    if (!plain(url)) return false;
    if (slice_starts(url, SLICE("https://"))) return url.len > sizeof("https://") - 1;
    if (!slice_starts(url, open)) return false;
    url = slice_skip(url, open.len);
    return loopback(slice_cut(&url, '/'));
}

/* OpenID Connect Discovery 1.0 §3: https, no query, no fragment. */
static bool issuer_possible(struct slice issuer)
{
    if (issuer.len == 0) return true;
    return provider_url_allowed(issuer) && !memchr(issuer.ptr, '?', issuer.len) &&
           !memchr(issuer.ptr, '#', issuer.len);
}

const char *token_rules_read(struct token_rules *rules, const struct config *config)
{
    struct slice profile = slice_of(config->oidc_profile);
    *rules = (struct token_rules){
        .issuer = slice_of(config->oidc_issuer),
        .audience = slice_of(config->oidc_audience),
        .roles_claim = slice_of(config->oidc_roles_claim),
        .lenient = slice_equal(profile, SLICE("lenient")),
    };
    if (!issuer_possible(rules->issuer)) return "AGIZO_OIDC_ISSUER must be an https URL";
    if (rules->audience.len == 0) return "AGIZO_OIDC_AUDIENCE must not be empty";
    if (!algorithm_set_parse(slice_of(config->oidc_algorithms), &rules->algorithms)) {
        return "AGIZO_OIDC_ALGORITHMS names an algorithm that is not supported";
    }
    if (!rules->lenient && !slice_equal(profile, SLICE("strict"))) {
        return "AGIZO_OIDC_PROFILE must be strict or lenient";
    }
    return NULL;
}
