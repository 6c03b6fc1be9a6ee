/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule that a bound token comes with its proof and an unbound one without, and the process's memory of proofs.
 *
 *   unbound, Bearer → in        bound, Bearer | unbound, DPoP → invalid token (RFC 9449 §7.1, §7.2)
 *   bound, DPoP → one proof → it fits (proof.c) → with a nonce of ours, if asked for → never seen before → in
 *
 * A proof counts as seen for longer than it could be used (its `iat` bounds that). Nonces are not kept: each is a hash of its minute under
 * a secret of this process, good until the end of the next minute; in the minute after its own, the answer brings a new one.
 * Neither the proofs seen nor the secret is shared with other copies of the service: without nonces, a proof that was caught on its way
 * can be used once more at another copy within a minute; with them it cannot, and clients should stay with one copy for as long as a
 * connection lasts, or each change costs them one more request.
 *
 * Any thread; what is shared is the store of proofs, which locks.
 * Limits: PROOFS_MAX proofs within a window (some 8,000 a second), past that ERR_BUSY.
 */
#include "auth/dpop.h"

#include "auth/proof.h"
#include "auth/replay.h"
#include "core/clock.h"
#include "core/random.h"
#include "obs/log.h"

#define PROOFS_MAX ((size_t)1 << 19)
#define NONCE_MS 60000

struct dpop {
    bool nonces;
    uint8_t secret[DIGEST_LEN];
    struct replay *seen;
};

struct dpop *dpop_new(bool nonces)
{
    struct dpop *dpop = memory_zeroed(sizeof(*dpop));
    dpop->nonces = nonces;
    random_fill(dpop->secret, sizeof(dpop->secret));
    dpop->seen = replay_new(PROOF_PAST_MS + PROOF_AHEAD_MS + 1, PROOFS_MAX);
    return dpop;
}

void dpop_free(struct dpop *dpop)
{
    if (!dpop) return;
    replay_free(dpop->seen);
    free(dpop);
}

static enum err refuse(enum log_event event, enum refusal refusal, enum err err)
{
    log_write(event, LOG_TEXT("why", refusal_word(refusal)));
    return err;
}

static struct slice make_nonce(const struct dpop *dpop, int64_t period, struct arena *arena)
{
    CLEANUP(buf_deinit)
    struct buf text;
    struct slice secret = {(const char *)dpop->secret, sizeof(dpop->secret)};
    struct digest hash = digest_hmac(secret, (struct slice){(const char *)&period, sizeof(period)});
    buf_init(&text, 2 * DIGEST_LEN);
    buf_put_base64url(&text, digest_slice(&hash));
    return arena_copy(arena, buf_slice(&text));
}

static enum err refuse_proof(struct auth_check *check, enum refusal refusal, struct slice nonce)
{
    if (refusal != REFUSAL_NONCE) {
        return refuse(LOG_PROOF_REFUSED, refusal, ERR_INVALID_DPOP_PROOF);
    }
    check->nonce = nonce;
    return refuse(LOG_PROOF_REFUSED, refusal, ERR_USE_DPOP_NONCE);
}

static enum err note_proof(struct dpop *dpop, const struct proof *proof, int64_t now_ms)
{
    switch (replay_note(dpop->seen, &proof->id, now_ms)) {
    case REPLAY_NEW: return ERR_OK;
    case REPLAY_FULL: return ERR_BUSY;
    default: return refuse(LOG_PROOF_REFUSED, REFUSAL_SEEN_BEFORE, ERR_INVALID_DPOP_PROOF);
    }
}

static enum err check_proof(
    struct dpop *dpop, const struct token_rules *rules, struct auth_check *check)
{
    struct proof proof;
    struct slice nonces[2]; /* this period's and the one's before */
    int64_t now_ms = clock_mono_ms(), period = now_ms / NONCE_MS;
    for (int i = 0; i < 2 && dpop->nonces; i++) {
        nonces[i] = make_nonce(dpop, period - i, check->arena);
    }
    const struct proof_demand demand = {
        .method = check->method,
        .url = check->url,
        .token = check->token,
        .thumbprint = check->identity.thumbprint,
        .rules = rules,
        .nonces = nonces,
        .nonce_count = dpop->nonces ? 2 : 0,
    };
    enum refusal refusal = proof_check(check->proof, &demand, clock_wall_ms(), &proof);
    if (refusal) return refuse_proof(check, refusal, nonces[0]);
    if (dpop->nonces && proof.nonce > 0) check->nonce = nonces[0];
    return note_proof(dpop, &proof, now_ms);
}

enum err dpop_admit(struct dpop *dpop, const struct token_rules *rules, struct auth_check *check)
{
    bool bound = slice_present(check->identity.thumbprint);
    check->nonce = slice_absent();
    if (bound && !(dpop && check->dpop)) {
        return refuse(LOG_TOKEN_REFUSED, REFUSAL_BOUND, ERR_INVALID_TOKEN);
    }
    if (!bound && check->dpop) {
        return refuse(LOG_TOKEN_REFUSED, REFUSAL_NOT_BOUND, ERR_INVALID_TOKEN);
    }
    if (!bound) return ERR_OK;
    if (check->proof_count != 1) {
        return refuse(LOG_PROOF_REFUSED, REFUSAL_PROOF_COUNT, ERR_INVALID_DPOP_PROOF);
    }
    return check_proof(dpop, rules, check);
}
