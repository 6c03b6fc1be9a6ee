/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a code or a refresh token to a grant: asks for tokens, checks the ID token, asks who it is, tells what they may do.
 */
#pragma once

#include "auth/flow.h"
#include "auth/jws.h"
#include "auth/kept.h"
#include "auth/token_reply.h"

struct redeem;
typedef void redeem_fn(struct redeem *redeem);

struct redeem {
    struct flow flow; /* from flow_new() */
    /* In. */
    struct slice subject; /* whose session it is; absent at a sign-in */
    struct kept kept;     /* what there was: at a sign-in the nonce; the flow's or longer lived */
    struct auth_grant *grant; /* out, with ANSWER_GOOD; its texts go into `arena` */
    struct arena *arena;
    /* Out. */
    enum answer answer;
    struct slice why; /* with ANSWER_REFUSED: a fixed word. Faults have been logged */
    /* Redeem's. */
    redeem_fn *done;
    struct token_reply reply;
    struct jws jws;
    struct provider_verify verify;
    json_t *claims;       /* of the ID token, with what userinfo adds */
    bool userinfo_failed; /* it may tell more the next time */
};

/* `form` is for the token endpoint, which the provider has. `done` runs in a later turn of the identity loop. */
void redeem_start(struct redeem *redeem, const struct buf *form, redeem_fn *done);
