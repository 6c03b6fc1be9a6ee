/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a browser's session asks of the OpenID provider: sign-in, refresh, sign-out, and the provider's own word that a session is over.
 *
 * Each is an operation of the identity thread: it is started on a worker's loop and completes there, after as many calls to the provider
 * as it takes. No token is ever handed out in the clear: what must be kept stands sealed (core/seal.h) in `tokens`, which only this part
 * can open. Inputs are borrowed until completion; outputs go into the arena.
 * Limits, over all workers: of one provider FLOWS_SHARE at a time, and TOKENS_SHARE logout tokens, so that one that hangs holds up nobody
 * else's, and strangers who send tokens nobody who signs in; past that ERR_BUSY. FLOWS_MAX has room for all of them.
 */
#pragma once

#include "auth/auth.h"
#include "core/digest.h"
#include "net/job.h"

#define FLOWS_MAX 768
#define FLOWS_SHARE 112
#define TOKENS_SHARE 256 /* a provider may end the sessions of a whole office at once */

/* What a sign-in or a refresh yields. */
struct auth_grant {
    struct identity
        identity; /* expires_at: from then on the session is refreshed, or ends when it cannot be */
    struct slice name;   /* for people to read; absent when the provider does not tell */
    struct slice sid;    /* the provider's name of its session; absent when it has none */
    struct slice tokens; /* sealed */
    bool refreshable;
};

/* The way to the provider's page (RFC 6749 §4.1.1, RFC 7636, OpenID Connect Core §3.1.2.1).
 * Errors: ERR_NOT_FOUND (no such issuer, or it has no client), ERR_UNAVAILABLE (its metadata is not known, or lacks S256), ERR_BUSY. */
struct auth_sign_in {
    struct op op;
    struct job job;    /* auth's */
    struct auth *auth; /* auth's */
    struct arena *arena;
    size_t issuer; /* in: its number, from 1 */
    struct slice
        return_path; /* in: where to go afterwards; anything but a path of ours becomes "/" */
    struct slice url,
        cookie; /* out: where to send the browser; what it must bring back (sealed: state, nonce, verifier) */
};

/* The provider's answer (RFC 6749 §4.1.2, RFC 9207), exchanged for tokens that are checked (OpenID Connect Core §3.1.3.7).
 * Errors: ERR_BAD_SIGN_IN (nothing was asked of the provider), ERR_SIGN_IN_REFUSED, ERR_PROVIDER_FAILED, ERR_PROVIDER_TIMEOUT, ERR_BUSY. */
struct auth_callback {
    struct op op;
    struct job job;    /* auth's */
    struct auth *auth; /* auth's */
    struct arena *arena;
    size_t issuer;                                /* in: the number in the path it came to */
    struct slice cookie, state, code, iss, error; /* in: as they came; absent when missing */
    struct slice return_path;                     /* out */
    struct auth_grant grant;                      /* out */
};

/* New tokens for a session (RFC 6749 §6, OpenID Connect Core §12). The caller sees to it that a session has one at a time.
 * Errors: ERR_NO_SESSION (the provider ended it, or answered for somebody else), ERR_UNAVAILABLE (try later), ERR_BUSY. */
struct auth_refresh {
    struct op op;
    struct job job;    /* auth's */
    struct auth *auth; /* auth's */
    struct arena *arena;
    struct slice issuer, subject, tokens; /* in: of the session */
    struct auth_grant grant;              /* out; name and sid absent when not told again */
};

/* A sign-out's first part. Revokes the refresh token (RFC 7009), without waiting for that. Always ERR_OK; `ticket` is absent when the
 * provider has no page for it or is not known any more. */
struct auth_sign_out {
    struct op op;
    struct job job;    /* auth's */
    struct auth *auth; /* auth's */
    struct arena *arena;
    struct slice issuer, subject, tokens; /* in: of the session */
    struct slice ticket,
        secret; /* out: for struct auth_leave; the one for an address, the other for a cookie */
};

/* Its second part: the way to the provider's sign-out page (OpenID Connect RP-Initiated Logout §2), once, within LEAVE_LIFE_MS. The ID token
 * stands in it, so it is for a redirect of a browser that changes to another page, and for nothing that a script can read.
 * Errors: ERR_BAD_SIGN_OUT. */
struct auth_leave {
    struct op op;
    struct job job;    /* auth's */
    struct auth *auth; /* auth's */
    struct arena *arena;
    struct slice ticket, secret; /* in: as they came; absent when missing */
    struct slice url;            /* out */
};

/* A logout token (OpenID Connect Back-Channel Logout §2.4–2.6), checked but for having been seen before.
 * Errors: ERR_INVALID_LOGOUT_TOKEN, ERR_UNAVAILABLE, ERR_BUSY. */
struct auth_logout_token {
    struct op op;
    struct job job;    /* auth's */
    struct auth *auth; /* auth's */
    struct arena *arena;
    struct slice token;                /* in */
    struct slice issuer, subject, sid; /* out; one of subject and sid may be absent */
    struct digest id;                  /* out: of issuer and jti */
    int64_t expires_at;                /* out: until when `id` must be remembered */
};

/* `home`: the loop of the calling thread, on which `done` runs. */
void auth_sign_in_start(
    struct auth *auth, struct loop *home, struct auth_sign_in *flow, op_fn *done);
void auth_callback_start(
    struct auth *auth, struct loop *home, struct auth_callback *flow, op_fn *done);
void auth_refresh_start(
    struct auth *auth, struct loop *home, struct auth_refresh *flow, op_fn *done);
void auth_sign_out_start(
    struct auth *auth, struct loop *home, struct auth_sign_out *flow, op_fn *done);
void auth_leave_start(struct auth *auth, struct loop *home, struct auth_leave *flow, op_fn *done);
void auth_logout_token_start(
    struct auth *auth, struct loop *home, struct auth_logout_token *flow, op_fn *done);
