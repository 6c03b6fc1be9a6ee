/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New tokens for a session, before its old ones are over.
 *
 *   job ──▶ open what was kept ──▶ REDEEM ──▶ complete: OK, NO_SESSION (refused, or somebody else), UNAVAILABLE (no usable answer)
 *                 └─▶ complete: NO_SESSION (cannot be opened, nothing to refresh with, the provider is not configured any more)
 *
 * Only what the provider said ends a session; that it cannot be reached does not. A rotated token comes back in the grant, sealed together with
 * the rest, for the caller to store in one go. Whose the tokens are is bound to them by the seal, and checked again in what comes back.
 *
 * On the identity loop's thread; started from workers.
 */
#include "auth/flow.h"
#include "auth/form.h"
#include "auth/redeem.h"

struct refresh {
    struct redeem redeem;
    struct auth_refresh *asked;
};

static job_fn run;
static redeem_fn redeemed;

void auth_refresh_start(
    struct auth *auth, struct loop *home, struct auth_refresh *flow, op_fn *done)
{
    op_start(&flow->op, home, done);
    flow->auth = auth;
    flow->job.run = run;
    flow_hand_over(auth, &flow->job);
}

static bool open_kept(const struct auth_refresh *asked, struct kept *kept)
{
    const struct kept_owner owner = {asked->issuer, asked->subject};
    return kept_open(kept, &asked->auth->seal, owner, asked->tokens, asked->arena) &&
           slice_present(kept->refresh_token);
}

/* RFC 6749 §6. */
static void redeem_token(
    struct auth_refresh *asked, struct provider *provider, const struct kept *kept)
{
    CLEANUP(buf_deinit)
    struct buf form;
    struct refresh *refresh = flow_new(asked->auth, provider, sizeof(*refresh));
    buf_init(&form, FLOW_FORM_MAX);
    if (!refresh) {
        op_complete(&asked->op, ERR_BUSY);
        return;
    }
    refresh->asked = asked;
    refresh->redeem.subject = asked->subject;
    refresh->redeem.kept = *kept;
    refresh->redeem.grant = &asked->grant;
    refresh->redeem.arena = asked->arena;
    form_put(&form, "grant_type", SLICE("refresh_token"));
    form_put(&form, "refresh_token", kept->refresh_token);
    redeem_start(&refresh->redeem, &form, redeemed);
}

static void run(struct job *job)
{
    struct kept kept;
    struct auth_refresh *asked = CONTAINER_OF(job, struct auth_refresh, job);
    struct provider *provider = flow_provider_of(asked->auth, asked->issuer);
    if (!provider || !open_kept(asked, &kept)) {
        flow_log_refusal("refresh", SLICE("nothing_kept"));
        op_complete(&asked->op, ERR_NO_SESSION);
    } else if (!provider->endpoints.token) { /* this copy has not read the metadata yet */
        op_complete(&asked->op, ERR_UNAVAILABLE);
    } else {
        redeem_token(asked, provider, &kept);
    }
}

static void redeemed(struct redeem *redeem)
{
    static const enum err errs[] = {
        [ANSWER_GOOD] = ERR_OK,
        [ANSWER_REFUSED] = ERR_NO_SESSION,
        [ANSWER_FAULTY] = ERR_UNAVAILABLE,
        [ANSWER_LATE] = ERR_UNAVAILABLE,
    };
    struct auth_refresh *asked = CONTAINER_OF(redeem, struct refresh, redeem)->asked;
    enum err err = errs[redeem->answer];
    if (redeem->answer == ANSWER_REFUSED) flow_log_refusal("refresh", redeem->why);
    flow_free(&redeem->flow);
    op_complete(&asked->op, err);
}
