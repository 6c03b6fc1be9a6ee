/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a provider's metadata: the issuer must be ours to the byte and the key set's address usable, or all of it is refused. Another
 * endpoint that is missing, or may not be used, is absent, and with it what needs it (sign-in, sign-out, introspection).
 *
 * The algorithms and authentication methods it lists are no permission, so they are not read.
 *
 * Called by issuer.c on the identity loop's thread; stateless. The texts belong to the struct.
 * Limits: addresses of URL_MAX bytes, over https when the issuer has that; without a fragment (RFC 6749 §3.1).
 */
#include "auth/metadata.h"

#include "core/json.h"

#define DEPTH_MAX 8
/* They go into headers of ours. */
#define URL_MAX 1024

static const struct {
    const char *name;
    size_t offset;
} endpoint_rows[] = {
    {"authorization_endpoint", offsetof(struct endpoints, authorization)},
    {"token_endpoint", offsetof(struct endpoints, token)},
    {"userinfo_endpoint", offsetof(struct endpoints, userinfo)},
    {"end_session_endpoint", offsetof(struct endpoints, end_session)},
    {"revocation_endpoint", offsetof(struct endpoints, revocation)},
    {"introspection_endpoint", offsetof(struct endpoints, introspection)},
};

static char *get_url(const struct endpoints *endpoints, size_t row)
{
    char *url;
    memcpy(&url, (const char *)endpoints + endpoint_rows[row].offset, sizeof(url));
    return url;
}

static void set_url(struct endpoints *endpoints, size_t row, char *url)
{
    memcpy((char *)endpoints + endpoint_rows[row].offset, &url, sizeof(url));
}

/* A copy; NULL when it may not be used. */
static char *read_url(const json_t *document, const char *name, struct slice issuer)
{
    struct slice url = json_text(json_object_get(document, name));
    if (url.len == 0 || url.len > URL_MAX || memchr(url.ptr, '#', url.len)) return NULL;
    return provider_url_trusted(url, issuer) ? memory_text(url.ptr) : NULL;
}

static bool lists(const json_t *list, struct slice word)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (slice_equal(json_text(json_array_get(list, i)), word)) return true;
    }
    return false;
}

static void read_endpoints(struct endpoints *endpoints, const json_t *document, struct slice issuer)
{
    for (size_t i = 0; i < ARRAY_LEN(endpoint_rows); i++) {
        set_url(endpoints, i, read_url(document, endpoint_rows[i].name, issuer));
    }
    const json_t *challenges = json_object_get(document, "code_challenge_methods_supported");
    endpoints->s256 = lists(challenges, SLICE("S256"));
    endpoints->lists_challenges = challenges != NULL;
    endpoints->iss_parameter =
        json_is_true(json_object_get(document, "authorization_response_iss_parameter_supported"));
}

const char *metadata_read(struct metadata *metadata, struct slice text, struct slice issuer)
{
    const char *fault = NULL;
    CLEANUP(json_release)
    json_t *document = json_decode(text, DEPTH_MAX, &fault);
    *metadata = (struct metadata){.keys_url = NULL};
    if (!document) return fault;
    if (!slice_equal(json_text(json_object_get(document, "issuer")), issuer)) {
        return "the metadata is of another issuer";
    }
    metadata->keys_url = read_url(document, "jwks_uri", issuer);
    if (!metadata->keys_url) return "the metadata has no jwks_uri that may be used";
    read_endpoints(&metadata->endpoints, document, issuer);
    return NULL;
}

void endpoints_deinit(struct endpoints *endpoints)
{
    for (size_t i = 0; i < ARRAY_LEN(endpoint_rows); i++) free(get_url(endpoints, i));
    *endpoints = (struct endpoints){.s256 = false};
}

void metadata_deinit(struct metadata *metadata)
{
    free(metadata->keys_url);
    endpoints_deinit(&metadata->endpoints);
}

static bool same_endpoints(const struct endpoints *a, const struct endpoints *b)
{
    for (size_t i = 0; i < ARRAY_LEN(endpoint_rows); i++) {
        const char *one = get_url(a, i), *other = get_url(b, i);
        if (!one != !other || (one && strcmp(one, other) != 0)) return false;
    }
    return a->s256 == b->s256 && a->lists_challenges == b->lists_challenges &&
           a->iss_parameter == b->iss_parameter;
}

void metadata_move_endpoints(struct metadata *metadata, struct endpoints *to)
{
    if (same_endpoints(&metadata->endpoints, to)) return;
    endpoints_deinit(to);
    *to = metadata->endpoints;
    metadata->endpoints = (struct endpoints){.s256 = false};
}
