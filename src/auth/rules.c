/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of identity, read once at boot. Stateless; any thread.
 */
#include "auth/rules.h"

#include "auth/permission.h"

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

bool provider_url_trusted(struct slice url, struct slice issuer)
{
    bool secure = slice_starts(issuer, SLICE("https://"));
    return provider_url_allowed(url) && (!secure || slice_starts(url, SLICE("https://")));
}

static bool has_any(struct slice text, const char *characters)
{
    for (; *characters; characters++) {
        if (memchr(text.ptr, *characters, text.len)) return true;
    }
    return false;
}

static bool ends_with(struct slice text, struct slice end)
{
    return text.len >= end.len && slice_equal(slice_skip(text, text.len - end.len), end);
}

static bool has_capital(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') return true;
    }
    return false;
}

bool origin_allowed(struct slice url)
{
    if (!provider_url_allowed(url) || has_capital(url)) return false;
    bool secure = slice_starts(url, SLICE("https://"));
    struct slice authority = slice_skip(url, secure ? 8 : 7);
    return !has_any(authority, "/?#@") && !ends_with(authority, SLICE(":")) &&
           !ends_with(authority, secure ? SLICE(":443") : SLICE(":80"));
}

/* OpenID Connect Discovery 1.0 §3: https, no query, no fragment. */
static bool issuer_possible(struct slice issuer)
{
    return issuer.len == 0 || (provider_url_allowed(issuer) && !has_any(issuer, "?#"));
}

struct provider_settings provider_settings_of(const struct config *config, size_t number)
{
#define SETTINGS(n)                                                                                \
    {                                                                                              \
        .prefix = "AGIZO_OIDC" #n, .pkce = config->oidc##n##_pkce,                                 \
        .scope_claim = config->oidc##n##_scope_claim, .issuer = config->oidc##n##_issuer,          \
        .audience = config->oidc##n##_audience, .client_id = config->oidc##n##_client_id,          \
        .client_secret = config->oidc##n##_client_secret, .scopes = config->oidc##n##_scopes,      \
        .roles_claim = config->oidc##n##_roles_claim, .roles_map = config->oidc##n##_roles_map,    \
        .algorithms = config->oidc##n##_algorithms, .profile = config->oidc##n##_profile,          \
        .introspection = config->oidc##n##_introspection,                                          \
    }
    const struct provider_settings all[] = {SETTINGS(), SETTINGS(2)};
#undef SETTINGS
    check(number >= 1 && number <= ARRAY_LEN(all));
    return all[number - 1];
}

/* The rest of a setting's name and what it must be; NULL when all can work. */
static const char *find_fault(
    const struct token_rules *rules, const struct provider_settings *settings)
{
    bool strict = slice_equal(slice_of(settings->profile), SLICE("strict"));
    if (!issuer_possible(rules->issuer)) return "ISSUER must be an https URL";
    if (rules->audience.len == 0) return "AUDIENCE must not be empty";
    if (!rules->algorithms) return "ALGORITHMS names an algorithm that is not supported";
    if (!rules->lenient && !strict) return "PROFILE must be strict or lenient";
    if (slice_of(settings->scope_claim).len == 0) return "SCOPE_CLAIM must not be empty";
    if (!permission_map_valid(rules->roles_map)) {
        return "ROLES_MAP must be theirs=ours, with commas, and ours a role of this service";
    }
    return NULL;
}

bool token_rules_read(
    struct token_rules *rules, const struct provider_settings *settings, struct buf *fault)
{
    *rules = (struct token_rules){
        .issuer = slice_of(settings->issuer),
        .audience = slice_of(settings->audience),
        .roles_claim = slice_of(settings->roles_claim),
        .roles_map = slice_of(settings->roles_map),
        .lenient = slice_equal(slice_of(settings->profile), SLICE("lenient")),
    };
    if (!slice_equal(slice_of(settings->scope_claim), SLICE("scope"))) {
        rules->scope_claim = slice_of(settings->scope_claim);
    }
    if (!algorithm_set_parse(slice_of(settings->algorithms), &rules->algorithms)) {
        rules->algorithms = 0;
    }
    const char *wrong = find_fault(rules, settings);
    if (wrong) buf_printf(fault, "%s_%s", settings->prefix, wrong);
    return !wrong;
}
