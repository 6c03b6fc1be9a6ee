/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process and its links share, inside of auth.
 */
#pragma once

#include "auth/auth.h"
#include "auth/keyring.h"
#include "auth/rules.h"

struct auth {
    struct token_rules rules;
    struct keyring ring;
    struct loop *loop;     /* the identity thread's */
    struct issuer *issuer; /* NULL without a configured issuer: then there is no thread */
    pthread_t thread;
};
