/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenID provider as seen from the identity thread: fetches its metadata and keys, again and again, into the keyring.
 */
#pragma once

#include "auth/keyring.h"
#include "auth/rules.h"

struct issuer;

/* The first fetch starts with the loop's first turn. `rules` has an issuer; all is borrowed. */
struct issuer *issuer_new(struct loop *loop, struct keyring *ring, const struct token_rules *rules,
    const struct config *config);
/* When the loop does not turn any more. */
void issuer_free(struct issuer *issuer);
