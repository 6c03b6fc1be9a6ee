/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of all flows, for the process's part of auth that makes it.
 */
#pragma once

#include "auth/auth.h"

struct flows;

/* Before the identity loop turns. `auth` has its providers, loop and seal. */
struct flows *flows_new(struct auth *auth);
/* When the identity loop does not turn any more; nothing completes. */
void flows_free(struct flows *flows);
