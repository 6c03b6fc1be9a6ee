/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The moves that tests of the flows with a provider are made of: a sign-in from its beginning to its end, a refresh.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "auth/kept.h"
#include "auth/ticket.h"
#include "flow_answers.h"

static void done(struct op *op)
{
    loop_stop(op->home);
}

/* Starts one operation of type auth_KIND and waits for it. */
#define COMPLETE(kind, asked)                                                                      \
    do {                                                                                           \
        struct loop *home = loop_new();                                                            \
        (asked)->arena = &arena;                                                                   \
        auth_##kind##_start(auth, home, (asked), done);                                            \
        loop_run(home);                                                                            \
        loop_free(home);                                                                           \
    } while (0)

static bool contains(struct slice text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static struct slice begin(struct ticket *ticket)
{
    struct auth_sign_in asked = {.issuer = 1, .return_path = SLICE("/orders?page=2")};
    COMPLETE(sign_in, &asked);
    assert_int_equal(asked.op.err, ERR_OK);
    assert_true(ticket_open(ticket, &seal, asked.cookie, &arena));
    return asked.cookie;
}

/* As the browser comes back from an honest provider. */
static struct auth_callback come_back(struct slice cookie, const struct ticket *ticket)
{
    return (struct auth_callback){
        .issuer = 1,
        .cookie = cookie,
        .state = ticket->state,
        .code = SLICE("code/1"),
        .iss = slice_of(peer->url),
    };
}

static enum err come_with(const char *id_token, struct slice cookie, const struct ticket *ticket)
{
    struct auth_callback asked = come_back(cookie, ticket);
    answer_tokens(id_token, NULL);
    COMPLETE(callback, &asked);
    return asked.op.err;
}

static struct auth_callback sign_in(const char *refresh_token)
{
    struct ticket ticket;
    struct slice cookie = begin(&ticket);
    struct auth_callback asked = come_back(cookie, &ticket);
    answer_tokens(make_id_token(key, HEADER, ticket.nonce, "amina"), refresh_token);
    COMPLETE(callback, &asked);
    return asked;
}

static struct auth_refresh refresh(struct slice subject, struct slice tokens)
{
    struct auth_refresh asked = {
        .issuer = slice_of(peer->url), .subject = subject, .tokens = tokens};
    COMPLETE(refresh, &asked);
    return asked;
}

static struct slice nonce_of(struct slice tokens)
{
    struct kept kept;
    const struct kept_owner owner = {slice_of(peer->url), SLICE("amina")};
    assert_true(kept_open(&kept, &seal, owner, tokens, &arena));
    return kept.nonce;
}
