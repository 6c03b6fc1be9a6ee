/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles and scopes: a claim's path, a map of roles and the claims, each on a line of its own.
 *
 * Beyond crashes it looks for permissions out of nothing, or beyond the token's scopes, and for a customer bound to nobody.
 */
#include "auth/permission.h"
#include "core/json.h"

#define READS                                                                                      \
    (1u << PERMISSION_CUSTOMERS_READ | 1u << PERMISSION_ORDERS_READ |                              \
        1u << PERMISSION_MESSAGES_READ)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static permission_set granted(const json_t *claims, const struct token_rules *rules, bool service)
{
    struct identity identity = {.is_service = service};
    permission_grant(claims, rules, &identity);
    check(!(identity.permissions >> PERMISSION_COUNT));
    if (identity.is_customer) {
        check(!service && !(identity.permissions & ~READS));
        check(identity.customer_code.len > 0 || !identity.permissions);
        check(identity.customer_code.len <= 64);
    }
    return identity.permissions;
}

static void judge(json_t *claims, const struct token_rules *rules)
{
    const json_t *scope = json_object_get(claims, "scope");
    permission_set scoped = granted(claims, rules, true);
    permission_set person = granted(claims, rules, false);
    check(json_is_string(scope) || !scoped);
    if (scope && !json_is_string(scope)) check(!person);
    if (scoped) check(!(person & ~scoped));
    /* Without scopes it is roles alone, and never fewer permissions. */
    if (!json_is_object(claims) || (scope && !scoped)) return;
    json_object_del(claims, "scope");
    check(!(person & ~granted(claims, rules, false)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *fault;
    struct slice text = {(const char *)data, size};
    if (size == 0 || size > 65536) return 0;
    struct token_rules rules = {.roles_claim = slice_cut(&text, '\n')};
    rules.roles_map = slice_cut(&text, '\n');
    if (!permission_map_valid(rules.roles_map)) return 0;
    CLEANUP(json_release)
    json_t *claims = json_decode(text, 16, &fault);
    judge(claims, &rules);
    return 0;
}
