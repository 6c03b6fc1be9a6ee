/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claims of a verified ID token (OpenID Connect Core §3.1.3.7, §12.2).
 */
#pragma once

#include <jansson.h>

#include "auth/algorithm.h"
#include "auth/refusal.h"

/* What the token must say. */
struct id_token_terms {
    struct slice issuer, client_id;
    struct slice subject;      /* absent: whoever signed in */
    struct slice nonce;        /* of the sign-in */
    bool nonce_required;       /* false for a refresh: then it may be left out */
    struct slice access_token; /* that came with it */
    struct slice algorithm;    /* the token's own, for at_hash */
    int64_t now_ms;            /* wall clock */
};

/* With REFUSAL_NONE `subject` is borrowed from the claims. */
enum refusal id_token_check(
    const json_t *claims, const struct id_token_terms *terms, struct slice *subject);
