/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From scopes and roles to permissions.
 */
#pragma once

#include <jansson.h>

#include "auth/auth.h"
#include "auth/rules.h"

/* Fills permissions, is_customer and customer_code from the claims of a verified token; the rest of the identity is set. The
 * code is borrowed from the claims. */
void permission_grant(
    const json_t *claims, const struct token_rules *rules, struct identity *identity);
