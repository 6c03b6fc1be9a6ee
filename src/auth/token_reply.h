/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the token endpoint answered (RFC 6749 §5, OpenID Connect Core §3.1.3.3), before anything in it is believed.
 */
#pragma once

#include <jansson.h>

#include "auth/jws.h"
#include "net/outbound.h"

/* Longest access token and ID token; a refresh token is kept, and so has KEPT_TOKEN_MAX. */
#define TOKEN_REPLY_MAX JWS_DIRECT_MAX

enum answer {
    ANSWER_GOOD,
    ANSWER_REFUSED, /* the code or refresh token is not, or no longer, good */
    ANSWER_FAULTY, /* no usable answer: not reached, an error of its own, our client refused, not what the standards say */
    ANSWER_LATE,   /* no answer in time */
};

/* Texts are borrowed from `fields`. */
struct token_reply {
    enum answer answer;
    const char *why; /* unless GOOD: a literal for the log */
    json_t *fields;
    struct slice access_token;
    struct slice id_token, refresh_token; /* absent where there is none */
    int64_t lifetime_ms;                  /* of the access token; within bounds */
};

/* Reads the answer of a call that has completed; token_reply_deinit() in any case. */
void token_reply_read(struct token_reply *reply, const struct outbound_call *call);
void token_reply_deinit(struct token_reply *reply);
/* Unless it came whole: ANSWER_LATE or ANSWER_FAULTY. */
enum answer answer_of(const struct outbound_call *call);
/* True for application/json, with or without parameters. */
bool answer_is_json(const struct outbound_call *call);
