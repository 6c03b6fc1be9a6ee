/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a request comes from: the strict check of bearer tokens, and what the bearer may do.
 *
 * One `struct auth` per process owns the identity thread, which fetches the issuers' metadata and keys. Every worker has its own
 * `struct auth_link` with a positive cache; keys reach it as read-mostly snapshots. A check answers at once, except when the key
 * set must be fetched first: then it completes later on the link's loop.
 */
#pragma once

#include "core/arena.h"
#include "core/config.h"
#include "net/op.h"

struct auth;
struct auth_link;

/* Permissions, which are also the OAuth scopes; rows stand in auth/permission.def. */
enum permission {
#define PERMISSION(name, scope) PERMISSION_##name,
#include "auth/permission.def"
#undef PERMISSION
    PERMISSION_COUNT
};

/* A set of permissions: bit 1 << PERMISSION_x. */
typedef uint32_t permission_set;

struct slice permission_scope(enum permission permission);

/* Who the bearer is. Texts live in the arena of the check. */
struct identity {
    struct slice issuer, subject, client_id;
    permission_set permissions;
    bool is_service;  /* sub equals client_id (RFC 9068 §5) */
    bool is_customer; /* has only the role customer: sees only what belongs to customer_code */
    struct slice customer_code; /* absent unless is_customer */
    struct slice
        thumbprint; /* of the key that the token is bound to (RFC 9449 §6.1); absent when to none */
    int64_t expires_at; /* wall clock, ms */
};

struct auth_check {
    /* Completes with ERR_OK, ERR_INVALID_TOKEN, ERR_INVALID_DPOP_PROOF, ERR_USE_DPOP_NONCE, ERR_UNAVAILABLE (no usable key set, or the
     * issuer could not be asked), ERR_BUSY. */
    struct op op;
    struct arena *arena;
    struct slice token;                /* borrowed until completion, as all that goes in */
    struct slice request_id, trace_id; /* for the log (obs/log.h) */
    bool dpop;                         /* it came with the scheme DPoP (RFC 9449 §7.1) */
    size_t proof_count;                /* DPoP header fields */
    struct slice proof, method,
        url; /* with `dpop`: the field, the request's method, its URL without query */
    struct identity identity; /* out, with ERR_OK */
    struct slice nonce;       /* out: for the field DPoP-Nonce; absent when there is none to send */
    struct list node;         /* auth's */
    unsigned awaited;         /* auth's: providers whose news it waits for */
};

/* Starts the identity thread. The provider may be away: see auth_ready(). NULL (logged) for settings that can never work. */
struct auth *auth_open(const struct config *config);
/* The service is about to end: `patience_ms` from now whoever still waits for a provider is told that it did not answer in time. Once. */
void auth_drain(struct auth *auth, int64_t patience_ms);
/* After every link is freed. */
void auth_close(struct auth *auth);
/* True while a key set within its stale window is held, of one configured issuer at least. Any thread. */
bool auth_ready(const struct auth *auth);

struct auth_link *auth_link_new(struct auth *auth, struct loop *loop);
/* Only when no check is pending on it. */
void auth_link_free(struct auth_link *link);
/* True when the check was decided at once: `check->op.err` and `identity` are set and `done` will not be called. False: `done`
 * runs later on the link's loop. */
MUST_CHECK bool auth_check_start(struct auth_link *link, struct auth_check *check, op_fn *done);
