/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From scopes and roles to permissions.
 */
#pragma once

#include <jansson.h>

#include "auth/auth.h"
#include "auth/rules.h"

/* A map of roles: `theirs=ours`, with commas between; blanks around names do not count. True when every right side is a role of ours; an
 * empty map is none. */
bool permission_map_valid(struct slice map);
/* True when the claim of scopes is there, and in a form that it may have. */
bool permission_scoped(const json_t *claims, const struct token_rules *rules);
/* True when the claims tell of what people have: roles, whichever, or a customer's code. */
bool permission_personal(const json_t *claims, const struct token_rules *rules);
/* Fills permissions, is_customer and customer_code from the claims of a verified token; the rest of the identity is set. The
 * code is borrowed from the claims. */
void permission_grant(
    const json_t *claims, const struct token_rules *rules, struct identity *identity);
