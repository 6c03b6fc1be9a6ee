/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenID provider as seen from the identity thread: fetches its metadata and keys, again and again, into `struct provider`.
 */
#pragma once

#include "auth/provider.h"
#include "core/config.h"

/* The first fetch starts with the loop's first turn. `provider` has its rules, with an issuer, and its ring. */
struct issuer *issuer_new(
    struct loop *loop, struct provider *provider, const struct config *config);
/* When the loop does not turn any more. */
void issuer_free(struct issuer *issuer);
