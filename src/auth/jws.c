/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict reader of tokens: one way to write each token, one way to verify it.
 *
 * Checks run from the cheapest to the dearest, and each refuses alone:
 *   length → alphabet → two dots → canonical base64url → header (object, no duplicates, depth) → extensions → typ → alg →
 *   key by kid with matching kind, alg, use → signature length → signature
 * The algorithm comes from the settings and the key, never from the token alone. `jku`, `x5u` and `x5c` are not read at all, `jwk`
 * only of a proof and not here, and there is no path for JWE, JSON serialization, `none` or HMAC (RFC 8725).
 *
 * Called on worker threads by token.c, on the identity loop by provider.c; stateless. Buffers belong to the struct, keys to their set.
 * Limits: JWS_LEN_MAX bytes, or JWS_DIRECT_MAX, so nothing here needs to scale.
 */
#include "auth/jws.h"

#include "auth/signature.h"
#include "core/check.h"
#include "core/digest.h"
#include "core/json.h"

#define HEADER_DEPTH_MAX 4

static bool in_alphabet(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

static bool all_in_alphabet(struct slice token)
{
    for (size_t i = 0; i < token.len; i++) {
        if (!in_alphabet(token.ptr[i])) return false;
    }
    return true;
}

/* Cuts at exactly two dots. */
static bool split(struct slice token, struct slice parts[3])
{
    for (int i = 0; i < 3; i++) {
        if (!slice_present(token)) return false;
        parts[i] = slice_cut(&token, '.');
    }
    return !slice_present(token);
}

/* Canonical: no padding, unused bits zero. Two texts of one token would be two entries in caches and logs. */
static bool decode(struct jws *jws, const struct slice parts[3])
{
    return base64url_decode(parts[0], &jws->header) && base64url_decode(parts[1], &jws->payload) &&
           base64url_decode(parts[2], &jws->signature);
}

static bool read_header(struct jws *jws)
{
    const char *fault;
    jws->fields = json_decode(buf_slice(&jws->header), HEADER_DEPTH_MAX, &fault);
    return json_is_object(jws->fields);
}

static enum refusal parse(struct jws *jws, struct slice token, size_t max)
{
    struct slice parts[3];
    *jws = (struct jws){.fields = NULL};
    buf_init(&jws->header, max);
    buf_init(&jws->payload, max);
    buf_init(&jws->signature, max);
    if (token.len > max) return REFUSAL_LENGTH;
    if (!all_in_alphabet(token)) return REFUSAL_ALPHABET;
    if (!split(token, parts)) return REFUSAL_SEGMENTS;
    if (!decode(jws, parts)) return REFUSAL_ENCODING;
    if (!read_header(jws)) return REFUSAL_HEADER;
    jws->input = (struct slice){token.ptr, parts[0].len + 1 + parts[1].len};
    return REFUSAL_NONE;
}

enum refusal jws_parse(struct jws *jws, struct slice token)
{
    return parse(jws, token, JWS_LEN_MAX);
}

enum refusal jws_parse_direct(struct jws *jws, struct slice token)
{
    return parse(jws, token, JWS_DIRECT_MAX);
}

void jws_deinit(struct jws *jws)
{
    json_decref(jws->fields);
    buf_deinit(&jws->header);
    buf_deinit(&jws->payload);
    buf_deinit(&jws->signature);
}

static struct slice field(const struct jws *jws, const char *name)
{
    return json_text(json_object_get(jws->fields, name));
}

/* We know no extension, so a token that insists on one is refused (RFC 7515 §4.1.11); likewise what changes how the payload is to
 * be read: `zip` (RFC 7516 §4.1.3) and `b64` (RFC 7797). */
static bool has_extension(const struct jws *jws)
{
    return json_object_get(jws->fields, "crit") || json_object_get(jws->fields, "zip") ||
           json_object_get(jws->fields, "b64");
}

/* Without `application/`, which RFC 7515 §4.1.9 lets a `typ` leave out. */
static struct slice short_type(struct slice type)
{
    static const struct slice prefix = {"application/", 12};
    if (type.len <= prefix.len) return type;
    struct slice head = {type.ptr, prefix.len};
    return slice_equal_nocase(head, prefix) ? slice_skip(type, prefix.len) : type;
}

static bool type_fits(const struct jws *jws, enum jws_kind kind, bool lenient)
{
    const json_t *value = json_object_get(jws->fields, "typ");
    struct slice type = short_type(json_text(value));
    bool plain = slice_equal_nocase(type, SLICE("JWT"));
    if (kind == JWS_ACCESS_TOKEN) {
        return slice_equal_nocase(type, SLICE("at+jwt")) || (lenient && plain);
    }
    if (kind == JWS_PROOF) return slice_equal_nocase(type, SLICE("dpop+jwt"));
    if (!value || plain) return true;
    return kind == JWS_LOGOUT_TOKEN && slice_equal_nocase(type, SLICE("logout+jwt"));
}

static enum refusal try_keys(
    const struct jws *jws, const struct algorithm *algorithm, const struct key **keys, size_t count)
{
    enum refusal refusal = REFUSAL_SIGNATURE_LENGTH;
    struct slice signature = buf_slice(&jws->signature);
    for (size_t i = 0; i < count; i++) {
        if (!signature_length_fits(algorithm, keys[i]->pkey, signature.len)) continue;
        refusal = REFUSAL_SIGNATURE;
        if (signature_verify(algorithm, keys[i]->pkey, jws->input, signature)) return REFUSAL_NONE;
    }
    return refusal;
}

static enum refusal check_header(const struct jws *jws, enum jws_kind kind,
    const struct token_rules *rules, const struct algorithm **out)
{
    *out = algorithm_find(field(jws, "alg"));
    if (has_extension(jws)) return REFUSAL_EXTENSION;
    if (!type_fits(jws, kind, rules->lenient)) return REFUSAL_TYPE;
    if (!*out || !algorithm_in(rules->algorithms, *out)) return REFUSAL_ALGORITHM;
    return REFUSAL_NONE;
}

enum refusal jws_verify(const struct jws *jws, enum jws_kind kind, const struct token_rules *rules,
    const struct keyset *keys)
{
    const struct algorithm *algorithm;
    const struct key *candidates[KEYSET_TRIES];
    const json_t *key_id = json_object_get(jws->fields, "kid");
    enum refusal refusal = check_header(jws, kind, rules, &algorithm);
    if (refusal) return refusal;
    if (key_id && !json_is_string(key_id)) return REFUSAL_KEY_ID;
    if (!keyset_knows(keys, json_text(key_id))) return REFUSAL_UNKNOWN_KEY;
    size_t count = keyset_select(keys, json_text(key_id), algorithm, candidates);
    if (count == 0) return REFUSAL_KEY_MISMATCH;
    return try_keys(jws, algorithm, candidates, count);
}

enum refusal jws_verify_by(const struct jws *jws, enum jws_kind kind,
    const struct token_rules *rules, const struct key *key)
{
    const struct algorithm *algorithm;
    enum refusal refusal = check_header(jws, kind, rules, &algorithm);
    if (refusal) return refusal;
    if (!key_fits(key, algorithm)) return REFUSAL_KEY_MISMATCH;
    return try_keys(jws, algorithm, &key, 1);
}
