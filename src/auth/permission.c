/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bearer may do. Default: nothing.
 *
 * A service has its scopes. A person has the permissions of all their roles, cut down by the token's scopes where it carries any of
 * ours; who has no other role than customer is bound to one customer's records, and without a code to none.
 * Names compare exactly, byte by byte. `scope` is split at each single space, so that a doubled one makes an empty name, which is
 * nobody's; a `scope` that is no text cannot be read, and grants nothing to anybody. Where scopes stand in a claim of another name (`scp`), it may
 * also be a list of texts.
 * Roles stand in the claim of the settings, as a list of texts or as one text with commas. The claim's path is tried as one name
 * first, then up to each dot, because some providers nest roles (realm_access.roles) and some name claims by URLs. With a map of roles
 * only the names in it count, and a name that stands there twice gives both roles.
 *
 * Called on worker threads for tokens, on the identity loop for sign-ins; stateless.
 * Limits: of a list of roles, the first ROLES_MAX are read.
 */
#include "auth/permission.h"

#include "core/check.h"
#include "core/json.h"

#define ROLES_MAX 256
/* A customer's code has at most 64 characters. */
#define CODE_MAX 64
#define PATH_NAME_MAX 255

#define ALLOW(name) (1u << PERMISSION_##name)
#define OWN_READS (ALLOW(CUSTOMERS_READ) | ALLOW(ORDERS_READ) | ALLOW(MESSAGES_READ))
#define ENTRY (ALLOW(CUSTOMERS_WRITE) | ALLOW(ORDERS_WRITE))
#define OFFICE                                                                                     \
    (ALLOW(MESSAGES_WRITE) | ALLOW(IMPORTS_WRITE) | ALLOW(AUDIT_READ) | ALLOW(SESSIONS_WRITE))

enum role { ROLE_VIEWER, ROLE_CLERK, ROLE_MANAGER, ROLE_CUSTOMER, ROLE_COUNT };

static const struct {
    struct slice name;
    permission_set permissions;
} roles[ROLE_COUNT] = {
    [ROLE_VIEWER] = {{"viewer", 6}, OWN_READS},
    [ROLE_CLERK] = {{"clerk", 5}, OWN_READS | ENTRY},
    [ROLE_MANAGER] = {{"manager", 7}, OWN_READS | ENTRY | OFFICE},
    [ROLE_CUSTOMER] = {{"customer", 8}, OWN_READS},
};

static const struct slice scopes[] = {
#define PERMISSION(name, scope) [PERMISSION_##name] = {scope, sizeof(scope) - 1},
#include "auth/permission.def"
#undef PERMISSION
};

struct slice permission_scope(enum permission permission)
{
    check(permission < PERMISSION_COUNT);
    return scopes[permission];
}

static permission_set scope_permission(struct slice name)
{
    for (unsigned i = 0; i < PERMISSION_COUNT; i++) {
        if (slice_equal(scopes[i], name)) return 1u << i;
    }
    return 0;
}

static permission_set scopes_permissions(struct slice names)
{
    permission_set set = 0;
    while (slice_present(names)) set |= scope_permission(slice_cut(&names, ' '));
    return set;
}

/* A set of roles: bit 1 << ROLE_x. */
static unsigned role_bit(struct slice name)
{
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        if (slice_equal(roles[i].name, name)) return 1u << i;
    }
    return 0;
}

/* Cuts the first pair from the map; false when it is none. */
static bool take_pair(struct slice *map, struct slice *theirs, struct slice *ours)
{
    struct slice right = slice_cut(map, ',');
    *theirs = slice_trim(slice_cut(&right, '='));
    *ours = slice_trim(right);
    return theirs->len > 0 && slice_present(right);
}

bool permission_map_valid(struct slice map)
{
    struct slice theirs, ours;
    if (map.len == 0) return true;
    while (slice_present(map)) {
        if (!take_pair(&map, &theirs, &ours) || !role_bit(ours)) return false;
    }
    return true;
}

/* What a name of the issuer's stands for. */
static unsigned mapped_roles(struct slice map, struct slice name)
{
    unsigned set = 0;
    struct slice theirs, ours;
    if (map.len == 0) return role_bit(name);
    while (slice_present(map)) {
        if (take_pair(&map, &theirs, &ours) && slice_equal(theirs, name)) set |= role_bit(ours);
    }
    return set;
}

static const json_t *member(const json_t *object, struct slice name)
{
    char text[PATH_NAME_MAX + 1];
    if (name.len > PATH_NAME_MAX) return NULL;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    return json_object_get(object, text);
}

static const json_t *follow_path(const json_t *object, struct slice path)
{
    while (object && slice_present(path)) {
        const json_t *whole = member(object, path);
        if (whole) return whole;
        object = member(object, slice_cut(&path, '.'));
    }
    return object;
}

static unsigned read_roles(const json_t *value, struct slice map)
{
    unsigned set = 0;
    struct slice names = json_text(value);
    size_t count = json_array_size(value);
    for (size_t i = 0; i < count && i < ROLES_MAX; i++) {
        set |= mapped_roles(map, json_text(json_array_get(value, i)));
    }
    while (slice_present(names)) set |= mapped_roles(map, slice_trim(slice_cut(&names, ',')));
    return set;
}

static permission_set roles_permissions(unsigned set)
{
    permission_set permissions = 0;
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        if (set >> i & 1) permissions |= roles[i].permissions;
    }
    return permissions;
}

static void bind_customer(const json_t *claims, struct identity *identity)
{
    struct slice code = json_text(json_object_get(claims, "customer_code"));
    identity->is_customer = true;
    if (code.len > 0 && code.len <= CODE_MAX) {
        identity->customer_code = code;
    } else {
        identity->permissions = 0;
    }
}

static const json_t *scope_claim(const json_t *claims, const struct token_rules *rules)
{
    bool other = slice_present(rules->scope_claim);
    return member(claims, other ? rules->scope_claim : SLICE("scope"));
}

bool permission_scoped(const json_t *claims, const struct token_rules *rules)
{
    const json_t *scope = scope_claim(claims, rules);
    if (!slice_present(rules->scope_claim)) return json_is_string(scope);
    for (size_t i = 0; i < json_array_size(scope); i++) {
        if (!json_is_string(json_array_get(scope, i))) return false;
    }
    return json_is_string(scope) || json_is_array(scope);
}

/* Of a claim that may be read. Each text of a list is one name. */
static permission_set read_scopes(const json_t *scope)
{
    permission_set set = scopes_permissions(json_text(scope));
    for (size_t i = 0; i < json_array_size(scope); i++) {
        set |= scope_permission(json_text(json_array_get(scope, i)));
    }
    return set;
}

bool permission_personal(const json_t *claims, const struct token_rules *rules)
{
    return follow_path(claims, rules->roles_claim) || json_object_get(claims, "customer_code");
}

void permission_grant(
    const json_t *claims, const struct token_rules *rules, struct identity *identity)
{
    const json_t *scope = scope_claim(claims, rules);
    if (scope && !permission_scoped(claims, rules)) return;
    permission_set scoped = read_scopes(scope);
    if (identity->is_service) {
        identity->permissions = scoped;
        return;
    }
    unsigned held = read_roles(follow_path(claims, rules->roles_claim), rules->roles_map);
    identity->permissions = roles_permissions(held);
    if (scoped) identity->permissions &= scoped;
    if (held == 1u << ROLE_CUSTOMER) bind_customer(claims, identity);
}
