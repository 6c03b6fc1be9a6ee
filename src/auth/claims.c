/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a verified token is meant for us, now, as an access token.
 *
 * Time: instants are kept in whole milliseconds, a fraction of a second is rounded to the nearest. With S for the skew, a token is good
 * while  iat - S <= now,  nbf - S <= now  and  now < exp + S.  Times before 1970 and after 9999 are no times.
 * The lenient profile is for providers that write access tokens as plain `typ: JWT`: there the kind of the token is told by what must
 * stand in it (client and scope) and what must not (marks of ID tokens and logout tokens, RFC 8725 §3.12).
 *
 * Called by token.c on worker threads, of introspection answers on the identity loop's; stateless. The JSON stays the caller's.
 */
#include "auth/claims.h"

#include "auth/permission.h"
#include "core/json.h"

/* OpenID Connect Core §2 caps `sub` at 255 characters; the other names get the same bound. */
#define NAME_MAX_LEN 255
/* SHA-256 in base64url (RFC 7638 §3.1). */
#define THUMBPRINT_LEN 43
/* 9999-12-31T23:59:59Z */
#define SECONDS_MAX 253402300799

static const json_t *claim(const json_t *fields, const char *name)
{
    return json_object_get(fields, name);
}

bool claims_time(const json_t *value, int64_t *out_ms)
{
    if (!json_is_number(value)) return false;
    double seconds = json_number_value(value);
    if (!(seconds >= 0 && seconds <= SECONDS_MAX)) return false;
    *out_ms = (int64_t)(seconds * 1000 + 0.5);
    return true;
}

bool claims_begun(const json_t *value, int64_t now_ms)
{
    int64_t time_ms;
    return claims_time(value, &time_ms) && time_ms - CLAIMS_SKEW_MS <= now_ms;
}

bool claims_name(const json_t *value, struct slice *out)
{
    *out = json_text(value);
    return out->len > 0 && out->len <= NAME_MAX_LEN;
}

static bool all_texts(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_string(json_array_get(list, i))) return false;
    }
    return true;
}

bool claims_audience(const json_t *value, struct slice ours)
{
    if (json_is_string(value)) return slice_equal(json_text(value), ours);
    if (!all_texts(value)) return false;
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (slice_equal(json_text(json_array_get(value, i)), ours)) return true;
    }
    return false;
}

static bool has_foreign_mark(const json_t *fields)
{
    return claim(fields, "nonce") || claim(fields, "at_hash") || claim(fields, "c_hash") ||
           claim(fields, "events");
}

static enum refusal check_lenient(
    const json_t *fields, const struct token_rules *rules, struct claims *out)
{
    const json_t *client = claim(fields, "client_id");
    if (!client) client = claim(fields, "azp");
    if (!claims_name(client, &out->client_id)) return REFUSAL_CLIENT;
    if (!permission_scoped(fields, rules)) return REFUSAL_SCOPE;
    if (has_foreign_mark(fields)) return REFUSAL_OTHER_KIND;
    return REFUSAL_NONE;
}

/* RFC 9068 §2.2. */
static enum refusal check_strict(const json_t *fields, struct claims *out)
{
    struct slice token_id;
    if (!claims_name(claim(fields, "client_id"), &out->client_id)) return REFUSAL_CLIENT;
    if (!claims_name(claim(fields, "jti"), &token_id)) return REFUSAL_TOKEN_ID;
    return REFUSAL_NONE;
}

static enum refusal check_times(const json_t *fields, int64_t now_ms, struct claims *out)
{
    int64_t expiry_ms;
    const json_t *not_before = claim(fields, "nbf");
    if (!claims_time(claim(fields, "exp"), &expiry_ms)) return REFUSAL_EXPIRY;
    out->expires_at = expiry_ms + CLAIMS_SKEW_MS;
    if (now_ms >= out->expires_at) return REFUSAL_EXPIRED;
    if (!claims_begun(claim(fields, "iat"), now_ms)) return REFUSAL_ISSUED_AT;
    if (not_before && !claims_begun(not_before, now_ms)) return REFUSAL_NOT_YET;
    return REFUSAL_NONE;
}

/* RFC 9449 §6.1. What it is bound to in another way, such as to a certificate (RFC 8705 §3.1), nobody here could prove; whether the
 * proof came with it is dpop.c's to ask. */
static bool read_binding(const json_t *confirmation, struct claims *out)
{
    if (!confirmation) return true;
    out->thumbprint = json_text(json_object_get(confirmation, "jkt"));
    return json_object_size(confirmation) == 1 && out->thumbprint.len == THUMBPRINT_LEN;
}

enum refusal claims_check(
    const json_t *fields, const struct token_rules *rules, int64_t now_ms, struct claims *out)
{
    *out = (struct claims){.expires_at = 0};
    if (!json_is_object(fields)) return REFUSAL_CLAIMS;
    if (!slice_equal(json_text(claim(fields, "iss")), rules->issuer)) return REFUSAL_ISSUER;
    if (!claims_audience(claim(fields, "aud"), rules->audience)) return REFUSAL_AUDIENCE;
    enum refusal refusal = check_times(fields, now_ms, out);
    if (refusal) return refusal;
    if (!claims_name(claim(fields, "sub"), &out->subject)) return REFUSAL_SUBJECT;
    if (!read_binding(claim(fields, "cnf"), out)) return REFUSAL_BOUND;
    return rules->lenient ? check_lenient(fields, rules, out) : check_strict(fields, out);
}

/* A provider may also be asked about refresh tokens and ID tokens, and calls them active. */
static enum refusal check_kind(const json_t *type, const struct claims *claims)
{
    struct slice name = json_text(type);
    if (!type || slice_equal_nocase(name, SLICE("Bearer"))) return REFUSAL_NONE;
    if (slice_equal_nocase(name, SLICE("access_token"))) return REFUSAL_NONE;
    if (!slice_equal_nocase(name, SLICE("DPoP"))) return REFUSAL_OTHER_KIND;
    return slice_present(claims->thumbprint) ? REFUSAL_NONE : REFUSAL_BOUND; /* to a key untold */
}

static bool names_person(const json_t *fields)
{
    static const char *const names[] = {"username", "preferred_username", "email", "auth_time"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (claim(fields, names[i])) return true;
    }
    return false;
}

/* A token of a client for itself may lack `sub` (RFC 7662 §2.2 leaves it open); then it is the client's. But a person's may lack it, too, and
 * must not have what the client may in place of what their roles allow: whatever tells of a person calls for their name (RFC 9068 §5). */
static enum refusal read_bearer(
    const json_t *fields, const struct token_rules *rules, struct claims *out)
{
    const json_t *client = claim(fields, "client_id"), *subject = claim(fields, "sub");
    if (!client && rules->lenient) client = claim(fields, "azp");
    if (!claims_name(client, &out->client_id)) return REFUSAL_CLIENT;
    out->subject = out->client_id;
    if (subject) return claims_name(subject, &out->subject) ? REFUSAL_NONE : REFUSAL_SUBJECT;
    bool personal = permission_personal(fields, rules) || names_person(fields);
    return personal ? REFUSAL_SUBJECT : REFUSAL_NONE;
}

static enum refusal check_answer_times(const json_t *fields, int64_t now_ms, struct claims *out)
{
    const json_t *issued_at = claim(fields, "iat"), *not_before = claim(fields, "nbf");
    if (!claims_time(claim(fields, "exp"), &out->expires_at)) return REFUSAL_EXPIRY;
    if (now_ms >= out->expires_at) return REFUSAL_EXPIRED;
    if (issued_at && !claims_begun(issued_at, now_ms)) return REFUSAL_ISSUED_AT;
    if (not_before && !claims_begun(not_before, now_ms)) return REFUSAL_NOT_YET;
    return REFUSAL_NONE;
}

enum refusal claims_check_answer(
    const json_t *fields, const struct token_rules *rules, int64_t now_ms, struct claims *out)
{
    const json_t *issuer = claim(fields, "iss");
    *out = (struct claims){.expires_at = 0};
    if (!json_is_object(fields)) return REFUSAL_CLAIMS;
    if (!json_is_true(claim(fields, "active"))) return REFUSAL_INACTIVE;
    if (issuer && !slice_equal(json_text(issuer), rules->issuer)) return REFUSAL_ISSUER;
    if (!claims_audience(claim(fields, "aud"), rules->audience)) return REFUSAL_AUDIENCE;
    enum refusal refusal = check_answer_times(fields, now_ms, out);
    if (!refusal) refusal = read_bearer(fields, rules, out);
    if (refusal) return refusal;
    if (!read_binding(claim(fields, "cnf"), out)) return REFUSAL_BOUND;
    return check_kind(claim(fields, "token_type"), out);
}
