/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signed token in compact form (RFC 7515 §3.1), read and verified before anything in it is believed.
 */
#pragma once

#include <jansson.h>

#include "auth/keyset.h"
#include "auth/refusal.h"
#include "auth/rules.h"
#include "core/buf.h"

/* Longest token; real ones have 0.5–2 KiB. */
#define JWS_LEN_MAX 8192
/* Longest one that comes from its issuer over a connection of ours, where no stranger chooses its length: people have hundreds of roles. */
#define JWS_DIRECT_MAX 32768

/* What a token must be, as far as its header tells (RFC 8725 §3.11); media types have no case and may have `application/` before them. */
enum jws_kind {
    JWS_ACCESS_TOKEN, /* typ at+jwt (RFC 9068 §4); by lenient rules also JWT */
    JWS_ID_TOKEN,     /* typ JWT, or none */
    JWS_LOGOUT_TOKEN, /* typ logout+jwt (OpenID Connect Back-Channel Logout §2.4), JWT, or none */
    JWS_PROOF,        /* typ dpop+jwt (RFC 9449 §4.2) */
};

struct jws {
    struct slice input; /* what is signed: header.payload, borrowed from the token */
    struct buf header, payload, signature; /* decoded */
    json_t *fields;                        /* the header */
};

/* Takes the token apart; jws_deinit() in either case. */
enum refusal jws_parse(struct jws *jws, struct slice token);
/* The same for up to JWS_DIRECT_MAX. */
enum refusal jws_parse_direct(struct jws *jws, struct slice token);
void jws_deinit(struct jws *jws);
/* Only after REFUSAL_NONE may the payload be looked at. UNKNOWN_KEY: a newer key set might help. */
enum refusal jws_verify(const struct jws *jws, enum jws_kind kind, const struct token_rules *rules,
    const struct keyset *keys);
/* The same by one key: of a proof, which brings its own. */
enum refusal jws_verify_by(const struct jws *jws, enum jws_kind kind,
    const struct token_rules *rules, const struct key *key);
