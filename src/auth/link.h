/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process and its links share, inside of auth.
 */
#pragma once

#include "auth/auth.h"
#include "auth/provider.h"
#include "core/seal.h"
#include "net/job.h"

struct auth {
    struct provider providers[PROVIDERS_MAX];
    size_t provider_count; /* 0: no issuer is configured, and there is no thread */
    const char *public_url;
    struct seal seal;  /* without a key when AGIZO_SESSION_KEY is empty: then nobody can sign in */
    struct loop *loop; /* the identity thread's */
    pthread_t thread;
    struct flows *flows; /* auth/flows.c: what is under way; identity loop's thread */
    struct dpop *dpop;   /* NULL: tokens that are bound to a key are refused */
    struct introspection *introspections[PROVIDERS_MAX]; /* NULL: is not asked about tokens */
    struct job drain;
    struct timer patience; /* how long calls may still take at the end */
    int64_t patience_ms;
};

/* NULL when no provider has this issuer. Any thread. */
struct provider *auth_provider_by_issuer(struct auth *auth, struct slice issuer);
