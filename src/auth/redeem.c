/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way from the token endpoint to a grant, the same for a sign-in and for a refresh.
 *
 *   TOKENS ──ID token──▶ SIGNATURE ──▶ claims ──▶ USERINFO ──▶ grant ──▶ end: GOOD
 *      ├────none (refresh only)─────────────────────▲  (left out when the provider has none)
 *      └──any step: REFUSED, FAULTY, LATE ──▶ end
 *
 * The ID token decides who it is; userinfo may add to it (roles that stand nowhere else) but not contradict it. That userinfo cannot be had
 * is no reason to refuse: some providers bind the access token to another audience. When it may be had later, the grant is short, so that it
 * is asked for again soon. A refresh that tells nothing about the person at all is refused: roles must not outlive the provider's word.
 *
 * On the identity loop's thread. The JSON and the token's parts belong to the redeem, what the grant holds to its arena.
 */
#include "auth/redeem.h"

#include "auth/claims.h"
#include "auth/id_token.h"
#include "auth/permission.h"
#include "core/clock.h"
#include "core/json.h"

#define CLAIMS_DEPTH_MAX 16
#define SHORT_GRANT_MS INT64_C(60000)

static op_fn tokens_answered, signature_checked, userinfo_answered;

static void deinit(struct flow *flow)
{
    struct redeem *redeem = CONTAINER_OF(flow, struct redeem, flow);
    token_reply_deinit(&redeem->reply);
    jws_deinit(&redeem->jws);
    json_decref(redeem->claims);
}

void redeem_start(struct redeem *redeem, const struct buf *form, redeem_fn *done)
{
    redeem->done = done;
    redeem->flow.deinit = deinit;
    redeem->verify.op.owner = redeem;
    flow_post(&redeem->flow, redeem->flow.provider->endpoints.token, form, tokens_answered);
}

static void end(struct redeem *redeem, enum answer answer)
{
    redeem->answer = answer;
    redeem->done(redeem);
}

static void refuse(struct redeem *redeem, struct slice why)
{
    redeem->why = why;
    end(redeem, ANSWER_REFUSED);
}

static void fail(struct redeem *redeem, enum answer answer, const char *why)
{
    flow_log_fault(&redeem->flow, why);
    end(redeem, answer);
}

/* --- The grant --- */

/* For people: the first that is there and can be shown in one line. */
static struct slice display_name(const json_t *claims)
{
    static const char *const names[] = {"name", "preferred_username", "email"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct slice name;
        bool there = claims_name(json_object_get(claims, names[i]), &name);
        if (there && !slice_has_control(name)) return name;
    }
    return slice_absent();
}

static void keep(struct redeem *redeem)
{
    struct kept *kept = &redeem->kept;
    const struct token_reply *reply = &redeem->reply;
    if (slice_present(reply->refresh_token)) kept->refresh_token = reply->refresh_token;
    /* One that is longer would not fit an address, which is all that it is kept for. */
    bool short_enough = reply->id_token.len <= KEPT_TOKEN_MAX;
    if (slice_present(reply->id_token) && short_enough) kept->id_token = reply->id_token;
    struct kept_owner owner = {redeem->flow.provider->rules.issuer, redeem->subject};
    redeem->grant->tokens = kept_seal(kept, &redeem->flow.auth->seal, owner, redeem->arena);
    redeem->grant->refreshable = slice_present(kept->refresh_token);
}

static int64_t lifetime_ms(const struct redeem *redeem)
{
    bool brief = redeem->userinfo_failed && redeem->grant->refreshable;
    return brief ? SHORT_GRANT_MS : redeem->reply.lifetime_ms;
}

static void grant(struct redeem *redeem)
{
    struct slice sid;
    struct arena *arena = redeem->arena;
    struct auth_grant *grant = redeem->grant;
    const struct provider *provider = redeem->flow.provider;
    bool has_sid = claims_name(json_object_get(redeem->claims, "sid"), &sid);
    *grant = (struct auth_grant){
        .identity.issuer = provider->rules.issuer,
        .identity.subject = arena_copy(arena, redeem->subject),
        .identity.client_id = provider->client_id,
        .name = arena_copy(arena, display_name(redeem->claims)),
        .sid = has_sid ? arena_copy(arena, sid) : slice_absent(),
    };
    permission_grant(redeem->claims, &provider->rules, &grant->identity);
    grant->identity.customer_code = arena_copy(arena, grant->identity.customer_code);
    keep(redeem);
    grant->identity.expires_at = clock_wall_ms() + lifetime_ms(redeem);
}

static void conclude(struct redeem *redeem)
{
    if (!redeem->claims) {
        refuse(redeem, SLICE("nothing_told"));
        return;
    }
    grant(redeem);
    end(redeem, ANSWER_GOOD);
}

/* --- Userinfo (OpenID Connect Core §5.3) --- */

static void ask_userinfo(struct redeem *redeem)
{
    const char *url = redeem->flow.provider->endpoints.userinfo;
    if (url) {
        flow_get(&redeem->flow, url, redeem->reply.access_token, userinfo_answered);
    } else {
        conclude(redeem);
    }
}

/* §5.3.2: without this, an answer for somebody else could lend its roles. */
static bool same_person(const struct redeem *redeem, const json_t *answer)
{
    struct slice subject;
    return claims_name(json_object_get(answer, "sub"), &subject) &&
           slice_equal(subject, redeem->subject);
}

/* False when it is an answer, but not one about this person. */
static bool add_userinfo(struct redeem *redeem)
{
    const char *fault;
    const struct outbound_call *call = &redeem->flow.call;
    CLEANUP(json_release)
    json_t *answer = json_decode(call->reply, CLAIMS_DEPTH_MAX, &fault);
    if (!answer_is_json(call) || !same_person(redeem, answer)) return false;
    if (!redeem->claims) redeem->claims = json_object();
    check(json_object_update_missing(redeem->claims, answer) == 0);
    return true;
}

static void userinfo_answered(struct op *op)
{
    struct redeem *redeem = CONTAINER_OF(op->owner, struct redeem, flow);
    const struct outbound_call *call = &redeem->flow.call;
    bool answered = answer_of(call) == ANSWER_GOOD;
    if (answered && call->status == 200 && !add_userinfo(redeem)) {
        refuse(redeem, SLICE("userinfo"));
        return;
    }
    redeem->userinfo_failed = !answered || call->status >= 500;
    if (redeem->userinfo_failed) flow_log_fault(&redeem->flow, "userinfo cannot be had");
    conclude(redeem);
}

/* --- The ID token --- */

static enum refusal check_claims(struct redeem *redeem)
{
    const char *fault;
    struct slice subject;
    const struct provider *provider = redeem->flow.provider;
    const struct id_token_terms terms = {
        .issuer = provider->rules.issuer,
        .client_id = provider->client_id,
        .subject = redeem->subject,
        .nonce = redeem->kept.nonce,
        .nonce_required = !slice_present(redeem->subject),
        .access_token = redeem->reply.access_token,
        .algorithm = json_text(json_object_get(redeem->jws.fields, "alg")),
        .now_ms = clock_wall_ms(),
    };
    redeem->claims = json_decode(buf_slice(&redeem->jws.payload), CLAIMS_DEPTH_MAX, &fault);
    enum refusal refusal = id_token_check(redeem->claims, &terms, &subject);
    if (!refusal) redeem->subject = arena_copy(redeem->arena, subject);
    return refusal;
}

static void signature_checked(struct op *op)
{
    struct redeem *redeem = op->owner;
    if (op->err) {
        fail(redeem, ANSWER_FAULTY, "the provider's keys are not known");
        return;
    }
    enum refusal refusal = redeem->verify.refusal;
    if (!refusal) refusal = check_claims(redeem);
    if (refusal) {
        refuse(redeem, refusal_word(refusal));
        return;
    }
    ask_userinfo(redeem);
}

static void check_id_token(struct redeem *redeem)
{
    enum refusal refusal = jws_parse_direct(&redeem->jws, redeem->reply.id_token);
    if (refusal) {
        refuse(redeem, refusal_word(refusal));
        return;
    }
    redeem->verify.jws = &redeem->jws;
    redeem->verify.kind = JWS_ID_TOKEN;
    provider_verify_start(redeem->flow.provider, &redeem->verify, signature_checked);
}

/* --- The tokens --- */

static void tokens_answered(struct op *op)
{
    struct redeem *redeem = CONTAINER_OF(op->owner, struct redeem, flow);
    const struct token_reply *reply = &redeem->reply;
    token_reply_read(&redeem->reply, &redeem->flow.call);
    if (reply->answer == ANSWER_REFUSED) {
        refuse(redeem, slice_of(reply->why));
    } else if (reply->answer != ANSWER_GOOD) {
        fail(redeem, reply->answer, reply->why);
    } else if (slice_present(reply->id_token)) {
        check_id_token(redeem);
    } else if (slice_present(redeem->subject)) {
        ask_userinfo(redeem);
    } else {
        fail(redeem, ANSWER_FAULTY, "the token reply has no ID token");
    }
}
