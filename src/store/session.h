/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the store about people's sessions. All copies of the service share them.
 *
 * A session is found by the SHA-256 of its random id; the id itself is only in the browser's cookie. `now` is the server's wall clock in
 * milliseconds. A session past `expires_at`, or not seen for `idle_ms`, is over: it is not found, and a purge removes it.
 */
#pragma once

#include "store/audit.h"
#include "store/operation.h"

/* Sessions of one person; the one not seen for longest makes room. */
#define SESSIONS_PER_PERSON 20

struct session {
    struct digest id;
    struct slice issuer, subject;
    struct slice sid, name, client_id, customer_code; /* each may be absent */
    bool is_customer;
    int64_t permissions;
    struct slice tokens; /* sealed; bytes */
    int64_t created_at, seen_at, expires_at;
    int64_t refresh_at; /* tokens are to be refreshed from then on */
    bool refreshable;
};

/* STORE_SESSION_CREATE. In: row, former (the id of the browser's former session, which ends), entry. */
struct store_session_create {
    struct store_op base;
    struct session row;
    bool has_former;
    struct digest former;
    struct audit_entry entry;
};

/* STORE_SESSION_GET. In: id, now, idle_ms. Out: row. Errors: ERR_NOT_FOUND. */
struct store_session_get {
    struct store_op base;
    struct digest id;
    int64_t now, idle_ms;
    struct session row;
};

/* STORE_SESSION_TOUCH: the session was seen, and with `lease_until` > 0 this caller wants to refresh its tokens.
 * In: id, now, lease_until. Out: leased (nobody else refreshes them until then): only when it is refreshable, its refresh_at has come and
 * nobody has a lease. So one who read the session before another's refresh is refused. A session that has gone is no error. */
struct store_session_touch {
    struct store_op base;
    struct digest id;
    int64_t now, lease_until;
    bool leased;
};

/* STORE_SESSION_REFRESH: what a refresh yielded; ends the lease. In: row (id, tokens, permissions, is_customer, customer_code,
 * refresh_at, refreshable; name and sid where present). Errors: ERR_NOT_FOUND when the session has ended meanwhile. */
struct store_session_refresh {
    struct store_op base;
    struct session row;
};

/* STORE_SESSION_END: by id, or all of (issuer, sid), or all of (issuer, subject), or those of all three. In: by_id and id; else issuer
 * (absent: any issuer; only with subject), sid, subject. With `once`: `token` is remembered until `token_until`, and a token that was
 * remembered before ends nothing. `entry` is written when something ended. Out: ended; replayed; foreign (nothing ended, and the session
 * that sid names is another person's). When a connection broke on the way, `ended` may say 1 for several. */
struct store_session_end {
    struct store_op base;
    bool by_id;
    struct digest id;
    struct slice issuer, sid, subject;
    bool once;
    struct digest token;
    int64_t token_until;
    struct audit_entry entry;
    int64_t ended;
    bool replayed, foreign;
};

/* STORE_SESSIONS_PURGE: removes sessions that are over and tokens that need not be remembered, at most STORE_BATCH_MAX of each.
 * In: now, idle_ms. Out: deleted, of both. */
struct store_sessions_purge {
    struct store_op base;
    int64_t now, idle_ms, deleted;
};
