/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The browser comes back from the provider: its answer, exchanged for tokens.
 *
 *   job ──▶ ticket, state, time, issuer, `iss`, used before ──▶ REDEEM ──▶ complete: OK, SIGN_IN_REFUSED, PROVIDER_FAILED, PROVIDER_TIMEOUT
 *                     └─▶ complete: BAD_SIGN_IN        └─▶ the provider's `error`: SIGN_IN_REFUSED
 *
 * Nothing is asked of the provider before the answer is known to belong to a sign-in that this browser began at this provider
 * (RFC 9700 §4.4, §4.7). The nonce and the verifier from the same ticket then see to it that the code belongs to it, too.
 *
 * On the identity loop's thread; started from workers.
 */
#include "auth/flow.h"
#include "auth/form.h"
#include "auth/redeem.h"
#include "auth/ticket.h"
#include "core/clock.h"

#define CODE_LEN_MAX 4096

struct exchange {
    struct redeem redeem;
    struct auth_callback *asked;
};

static job_fn run;
static redeem_fn redeemed;

void auth_callback_start(
    struct auth *auth, struct loop *home, struct auth_callback *flow, op_fn *done)
{
    op_start(&flow->op, home, done);
    flow->auth = auth;
    flow->job.run = run;
    flow_hand_over(auth, &flow->job);
}

static void refuse(struct auth_callback *asked, enum err err, const char *why)
{
    flow_log_refusal("sign_in", slice_of(why));
    op_complete(&asked->op, err);
}

/* RFC 9207 §2.4: who promised to name itself must, and whoever is named must be the one we sent the browser to. */
static bool iss_fits(const struct auth_callback *asked, const struct provider *provider)
{
    if (!slice_present(asked->iss)) return !provider->endpoints.iss_parameter;
    return slice_equal(asked->iss, provider->rules.issuer);
}

/* What does not fit between the answer and the sign-in; NULL when all does. */
static const char *answer_fault(const struct auth_callback *asked, const struct provider *provider,
    const struct ticket *ticket, int64_t now_ms)
{
    if (ticket->issuer != provider->number) return "other_issuer";
    if (now_ms >= ticket->expires_at) return "too_late";
    if (!slice_present(asked->state)) return "no_state";
    if (!slice_equal_secret(asked->state, ticket->state)) return "other_state";
    if (!iss_fits(asked, provider)) return "iss";
    if (slice_present(asked->error)) return NULL;
    return asked->code.len > 0 && asked->code.len <= CODE_LEN_MAX ? NULL : "no_code";
}

/* RFC 6749 §4.1.3, RFC 7636 §4.5. */
static void put_form(struct buf *form, const struct exchange *exchange, const struct ticket *ticket)
{
    form_put(form, "grant_type", SLICE("authorization_code"));
    form_put(form, "code", exchange->asked->code);
    form_put(form, "redirect_uri", exchange->redeem.flow.provider->redirect_uri);
    form_put(form, "code_verifier", ticket->verifier);
}

static void redeem_code(
    struct auth_callback *asked, struct provider *provider, const struct ticket *ticket)
{
    CLEANUP(buf_deinit)
    struct buf form;
    struct exchange *exchange = flow_new(asked->auth, provider, sizeof(*exchange));
    buf_init(&form, FLOW_FORM_MAX);
    if (!exchange) {
        op_complete(&asked->op, ERR_BUSY);
        return;
    }
    exchange->asked = asked;
    exchange->redeem.kept.nonce = ticket->nonce;
    exchange->redeem.grant = &asked->grant;
    exchange->redeem.arena = asked->arena;
    put_form(&form, exchange, ticket);
    redeem_start(&exchange->redeem, &form, redeemed);
}

/* The ticket is good and the answer belongs to it. */
static void take_answer(
    struct auth_callback *asked, struct provider *provider, const struct ticket *ticket)
{
    asked->return_path = ticket->return_path;
    if (!flow_spend(asked->auth->flows, ticket->state)) {
        refuse(asked, ERR_BAD_SIGN_IN, "used_before");
    } else if (slice_present(asked->error)) {
        refuse(asked, ERR_SIGN_IN_REFUSED, "provider_said_no");
    } else {
        redeem_code(asked, provider, ticket);
    }
}

static void run(struct job *job)
{
    struct ticket ticket;
    struct auth_callback *asked = CONTAINER_OF(job, struct auth_callback, job);
    struct provider *provider = flow_provider(asked->auth, asked->issuer);
    if (!provider || !ticket_open(&ticket, &asked->auth->seal, asked->cookie, asked->arena)) {
        refuse(asked, ERR_BAD_SIGN_IN, "no_ticket");
        return;
    }
    if (!provider->endpoints.token) { /* this copy has not read the metadata yet */
        op_complete(&asked->op, ERR_PROVIDER_FAILED);
        return;
    }
    const char *fault = answer_fault(asked, provider, &ticket, clock_wall_ms());
    if (fault) {
        refuse(asked, ERR_BAD_SIGN_IN, fault);
        return;
    }
    take_answer(asked, provider, &ticket);
}

static void redeemed(struct redeem *redeem)
{
    static const enum err errs[] = {
        [ANSWER_GOOD] = ERR_OK,
        [ANSWER_REFUSED] = ERR_SIGN_IN_REFUSED,
        [ANSWER_FAULTY] = ERR_PROVIDER_FAILED,
        [ANSWER_LATE] = ERR_PROVIDER_TIMEOUT,
    };
    struct auth_callback *asked = CONTAINER_OF(redeem, struct exchange, redeem)->asked;
    enum err err = errs[redeem->answer];
    if (redeem->answer == ANSWER_REFUSED) flow_log_refusal("sign_in", redeem->why);
    flow_free(&redeem->flow);
    op_complete(&asked->op, err);
}
