/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The provider says that sessions are over (OpenID Connect Back-Channel Logout 1.0).
 *
 *   job ──▶ parse ──▶ provider by `iss` ──▶ SIGNATURE ──▶ claims ──▶ complete: OK
 *             └───────────┴──────────────────┴─────────────┴─▶ INVALID_LOGOUT_TOKEN, UNAVAILABLE (no keys), BUSY
 *
 * `iss` is looked at before the signature for one purpose only: to choose whose keys must verify it; the claims are then held against that
 * provider's rules. Whether the token came before is for the store to tell, which all copies of the service share.
 *
 * On the identity loop's thread; started from workers. The token's parts belong to the flow.
 */
#include "auth/flow.h"
#include "auth/jws.h"
#include "auth/logout_claims.h"
#include "core/clock.h"
#include "core/json.h"

#define CLAIMS_DEPTH_MAX 16

struct ending {
    struct flow flow;
    struct auth_logout_token *asked;
    struct jws jws;
    struct provider_verify verify;
};

static job_fn run;
static op_fn signature_checked;

void auth_logout_token_start(
    struct auth *auth, struct loop *home, struct auth_logout_token *flow, op_fn *done)
{
    op_start(&flow->op, home, done);
    flow->auth = auth;
    flow->job.run = run;
    flow_hand_over(auth, &flow->job);
}

static void deinit(struct flow *flow)
{
    jws_deinit(&CONTAINER_OF(flow, struct ending, flow)->jws);
}

static void end(struct ending *ending, enum err err)
{
    struct auth_logout_token *asked = ending->asked;
    flow_free(&ending->flow);
    op_complete(&asked->op, err);
}

static void refuse(struct ending *ending, enum refusal refusal)
{
    flow_log_refusal("logout_token", refusal_word(refusal));
    end(ending, ERR_INVALID_LOGOUT_TOKEN);
}

static json_t *read_claims(const struct ending *ending)
{
    const char *fault;
    return json_decode(buf_slice(&ending->jws.payload), CLAIMS_DEPTH_MAX, &fault);
}

static struct provider *choose_provider(struct ending *ending)
{
    CLEANUP(json_release)
    json_t *claims = read_claims(ending);
    return flow_provider_of(ending->flow.auth, json_text(json_object_get(claims, "iss")));
}

static void verify(struct ending *ending)
{
    ending->verify = (struct provider_verify){
        .op.owner = ending,
        .jws = &ending->jws,
        .kind = JWS_LOGOUT_TOKEN,
    };
    provider_verify_start(ending->flow.provider, &ending->verify, signature_checked);
}

static void check_token(struct ending *ending)
{
    enum refusal refusal = jws_parse(&ending->jws, ending->asked->token);
    struct provider *provider = refusal ? NULL : choose_provider(ending);
    if (!provider) {
        refuse(ending, refusal ? refusal : REFUSAL_ISSUER);
    } else if (!flow_token_of(&ending->flow, provider)) {
        end(ending, ERR_BUSY);
    } else {
        verify(ending);
    }
}

static void run(struct job *job)
{
    struct auth_logout_token *asked = CONTAINER_OF(job, struct auth_logout_token, job);
    if (asked->auth->provider_count == 0) {
        op_complete(&asked->op, ERR_INVALID_LOGOUT_TOKEN);
        return;
    }
    struct ending *ending = flow_new(asked->auth, NULL, sizeof(*ending));
    if (!ending) {
        op_complete(&asked->op, ERR_BUSY);
        return;
    }
    ending->asked = asked;
    ending->flow.deinit = deinit;
    check_token(ending);
}

static void tell(
    struct auth_logout_token *asked, struct slice issuer, const struct logout_claims *claims)
{
    const struct slice parts[] = {issuer, claims->token_id};
    asked->issuer = issuer;
    asked->subject = arena_copy(asked->arena, claims->subject);
    asked->sid = arena_copy(asked->arena, claims->sid);
    asked->id = digest_parts(parts, ARRAY_LEN(parts));
    asked->expires_at = claims->expires_at;
}

static enum refusal check_claims(struct ending *ending)
{
    struct logout_claims claims;
    const struct provider *provider = ending->flow.provider;
    CLEANUP(json_release)
    json_t *fields = read_claims(ending);
    enum refusal refusal = logout_claims_check(
        fields, &provider->rules, provider->client_id, clock_wall_ms(), &claims);
    if (!refusal) tell(ending->asked, provider->rules.issuer, &claims);
    return refusal;
}

static void signature_checked(struct op *op)
{
    struct ending *ending = op->owner;
    if (op->err) {
        end(ending, ERR_UNAVAILABLE);
        return;
    }
    enum refusal refusal = ending->verify.refusal;
    if (!refusal) refusal = check_claims(ending);
    if (refusal) {
        refuse(ending, refusal);
    } else {
        end(ending, ERR_OK);
    }
}
