/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opaque tokens: the provider is asked about them (RFC 7662).
 */
#pragma once

#include "auth/auth.h"
#include "auth/provider.h"
#include "auth/refusal.h"

struct introspection;

/* A question about one token. Completes with ERR_OK (`refusal` and `identity` are set), ERR_UNAVAILABLE, ERR_BUSY. */
struct inquiry {
    struct op op;
    struct arena *arena;      /* the identity's texts go here */
    struct slice token;       /* borrowed until completion */
    enum refusal refusal;     /* out */
    struct identity identity; /* out, with REFUSAL_NONE; until expires_at the answer may be kept */
    struct introspection *introspection;
    struct list node;
    struct job job;
};

/* `provider` has a client; calls run on its loop, which is `loop`. */
struct introspection *introspection_new(struct loop *loop, const struct provider *provider);
/* From now on nobody waits: whatever is asked has no answer, but for those that are kept. On the loop. */
void introspection_give_up(struct introspection *introspection);
/* When the loop does not turn any more; no question is left. NULL is fine. */
void introspection_free(struct introspection *introspection);
/* True for a token that the provider may be asked about. */
bool introspection_wants(struct slice token);
/* On the thread of `home`, where `done` runs; only for tokens that it wants. */
void introspection_start(
    struct introspection *introspection, struct loop *home, struct inquiry *inquiry, op_fn *done);
