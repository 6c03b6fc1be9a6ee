/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One configured OpenID provider: what the settings say of it, what its metadata says, its keys.
 *
 * Settings and ring are there from boot to end and may be read by any thread; the rest belongs to the identity loop's thread.
 */
#pragma once

#include "auth/jws.h"
#include "auth/keyring.h"
#include "auth/rules.h"
#include "net/op.h"
#include "net/outbound.h"

/* AGIZO_OIDC_…, AGIZO_OIDC2_… */
#define PROVIDERS_MAX 2
/* How long a token waits for newer keys. */
#define VERIFY_WAIT_MS 4000

struct issuer;

/* From the metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2): NULL where it names none that may be used. */
struct endpoints {
    char *authorization, *token, *userinfo, *end_session, *revocation, *introspection;
    bool s256;             /* code_challenge_methods_supported has S256 */
    bool lists_challenges; /* it is there, whatever stands in it */
    bool iss_parameter;    /* authorization_response_iss_parameter_supported */
};

struct provider {
    size_t number; /* from 1 */
    struct token_rules rules;
    /* Empty: no sign-in, no introspection. */
    struct slice client_id, client_secret;
    struct slice scopes; /* that a sign-in asks for; openid is among them */
    bool introspects;    /* is asked about opaque tokens; then it has a client */
    const char *ca_file; /* of outbound_new() */
    bool assumes_s256;   /* where the metadata lists no challenges */
    /* AGIZO_PUBLIC_URL/auth/callback, with /2 behind it for the second provider; absent where nobody can sign in. */
    struct slice redirect_uri;
    struct buf redirect_text; /* its bytes */
    struct keyring ring;
    struct loop *loop;
    struct issuer *issuer; /* fetches metadata and keys */
    /* The metadata was read at least once; it stays when the provider goes away. */
    bool known;
    /* Replaced when the metadata changes: copy what a wait must survive. */
    struct endpoints endpoints;
    struct outbound *calls; /* for the flows; https only but on loopback, no redirects */
    struct keyring_member member;
    struct list verifying; /* struct provider_verify that wait for keys */
    struct timer patience; /* set while one does */
    bool gave_up;
};

/* Reads what is set for it; false when that cannot work: why, with the setting's name, in `fault`. */
MUST_CHECK bool provider_read(
    struct provider *provider, const struct provider_settings *settings, struct buf *fault);
/* Begins to fetch metadata and keys with the loop's first turn. `number` is set, and it was read. */
void provider_open(struct provider *provider, struct loop *loop, const struct config *config);
/* From now on nobody waits for it: calls of the flows end as if their time were over, and no signature waits for keys. */
void provider_give_up(struct provider *provider);
/* When the loop does not turn any more: no call is under way afterwards, and nothing completes. */
void provider_close(struct provider *provider);
/* After whoever has its struct provider_verify, or a member of its ring, is gone. */
void provider_deinit(struct provider *provider);

/* The signature of a token that was parsed, by the provider's keys; where it names a key that they lack, after one more fetch, or after
 * VERIFY_WAIT_MS. Completes with ERR_OK and `refusal`, or ERR_UNAVAILABLE (the provider has no usable keys).
 * Only with REFUSAL_NONE may the payload be looked at. */
struct provider_verify {
    struct op op;
    const struct jws *jws; /* in; borrowed until completion */
    enum jws_kind kind;    /* in */
    enum refusal refusal;  /* out */
    struct list node;      /* the provider's */
};

/* On the identity loop's thread, where `done` runs in a later turn. */
void provider_verify_start(struct provider *provider, struct provider_verify *verify, op_fn *done);
