/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sample sessions for a store under test. A session is named by a text, whose hash is its id.
 */
#pragma once

#include "sample.h"
#include "store/session.h"

#define ISSUER "https://issuer.example"
#define IDLE_MS (HOUR_MS / 2)
#define LIFE_MS (12 * HOUR_MS)
/* Tokens live for five minutes, a lease for thirty seconds. */
#define REFRESH_MS 300000
#define LEASE_MS 30000

static struct digest id_of(const char *name)
{
    return digest_sha256(slice_of(name));
}

static struct audit_entry entry_of(
    struct fixture *fixture, enum audit_action action, const char *record)
{
    return (struct audit_entry){.id = uuid_new(),
        .at = NOW,
        .actor = {.issuer = SLICE(ISSUER), .subject = SLICE("asha")},
        .action = action,
        .record = arena_copy(fixture_arena(fixture), slice_of(record))};
}

/* Made and last seen at NOW; its entry's record is its name. */
static struct store_session_create *new_session(
    struct fixture *fixture, const char *name, const char *subject)
{
    struct store_session_create *op = make(fixture, STORE_SESSION_CREATE, sizeof(*op));
    op->row = (struct session){.id = id_of(name),
        .issuer = SLICE(ISSUER),
        .subject = arena_copy(op->base.arena, slice_of(subject)),
        .permissions = 7,
        .tokens = SLICE("sealed"),
        .created_at = NOW,
        .seen_at = NOW,
        .expires_at = NOW + LIFE_MS,
        .refresh_at = NOW + REFRESH_MS,
        .refreshable = true};
    op->entry = entry_of(fixture, AUDIT_SESSION_BEGAN, name);
    return op;
}

static void add_session(
    struct fixture *fixture, const char *name, const char *subject, const char *sid)
{
    struct store_session_create *op = new_session(fixture, name, subject);
    op->row.sid = slice_of(sid);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
}

static struct store_session_get *get_session(struct fixture *fixture, const char *name, int64_t now)
{
    struct store_session_get *op = make(fixture, STORE_SESSION_GET, sizeof(*op));
    op->id = id_of(name);
    op->now = now;
    op->idle_ms = IDLE_MS;
    (void)run(fixture, &op->base);
    return op;
}

static bool stands(struct fixture *fixture, const char *name)
{
    enum err err = get_session(fixture, name, NOW)->base.op.err;
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    return err == ERR_OK;
}

static struct store_session_touch *new_touch(
    struct fixture *fixture, const char *name, int64_t now, int64_t lease_until)
{
    struct store_session_touch *op = make(fixture, STORE_SESSION_TOUCH, sizeof(*op));
    op->id = id_of(name);
    op->now = now;
    op->lease_until = lease_until;
    return op;
}

static bool lease(struct fixture *fixture, const char *name, int64_t now)
{
    struct store_session_touch *op = new_touch(fixture, name, now, now + LEASE_MS);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op->leased;
}

/* New tokens at `now`, good as long as the first. */
static struct store_session_refresh *new_refresh(
    struct fixture *fixture, const char *name, int64_t now)
{
    struct store_session_refresh *op = make(fixture, STORE_SESSION_REFRESH, sizeof(*op));
    op->row = (struct session){.id = id_of(name),
        .tokens = SLICE("sealed again"),
        .permissions = 3,
        .refresh_at = now + REFRESH_MS,
        .refreshable = true};
    return op;
}
