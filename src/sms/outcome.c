/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retry policy, by the class of the verdict.
 *
 * Retries wait a random time between zero and the back-off ("full jitter": messages that failed together do not come back together),
 * or exactly as long as the gateway asked. They end when the message expires, which is the store's sweep's business.
 *
 * Called on the dispatcher's loop. Pure but for the random delay.
 */
#include "sms/outcome.h"

#include "core/random.h"

#define BACKOFF_BASE_MS INT64_C(2000)
#define BACKOFF_CAP_MS (INT64_C(15) * 60 * 1000)

int64_t outcome_backoff_ms(int attempt, int64_t base_ms, int64_t cap_ms)
{
    while (--attempt > 0 && base_ms < cap_ms) base_ms *= 2;
    return base_ms < cap_ms ? base_ms : cap_ms;
}

static int64_t delay_of(const struct verdict *verdict, int attempts)
{
    if (verdict->retry_after_ms >= 0) return verdict->retry_after_ms;
    if (verdict->delay_ms > 0) return verdict->delay_ms;
    int64_t most = outcome_backoff_ms(attempts, BACKOFF_BASE_MS, BACKOFF_CAP_MS);
    return (int64_t)random_below((uint64_t)most + 1);
}

/* Limited retries are spent. Attempts are counted over all reasons, so a refusal that is new to this message gets one in any case. */
static bool is_spent(const struct verdict *verdict, const struct message *message)
{
    if (verdict->class != VERDICT_RETRY_LIMITED) return false;
    bool repeated = slice_equal(verdict->provider_status, message->provider_status);
    return repeated && message->attempts > verdict->retries;
}

static enum message_state state_of(const struct verdict *verdict, const struct message *message)
{
    switch (verdict->class) {
    case VERDICT_ACCEPTED: return MESSAGE_ACCEPTED;
    case VERDICT_UNKNOWN: return MESSAGE_UNKNOWN;
    case VERDICT_PERMANENT: return MESSAGE_DEAD;
    case VERDICT_PERMANENT_SUPPRESS: return MESSAGE_SUPPRESSED;
    default: return is_spent(verdict, message) ? MESSAGE_DEAD : MESSAGE_QUEUED;
    }
}

struct settlement outcome_settle(
    const struct verdict *verdict, const struct message *message, int64_t now)
{
    struct settlement item = {
        .id = message->id,
        .state = state_of(verdict, message),
        .suppress = verdict->class == VERDICT_PERMANENT_SUPPRESS,
        .parts = verdict->parts,
        .provider_id = verdict->provider_id,
        .provider_status = verdict->provider_status,
        .cost = verdict->cost,
        .failure = verdict->reason,
    };
    if (item.state == MESSAGE_ACCEPTED) {
        item.sent_at = now;
        item.failure = SLICE(""); /* what an earlier attempt failed of is over */
    }
    if (item.state == MESSAGE_QUEUED) {
        bool stopped = verdict->class == VERDICT_ACCOUNT_STOP;
        item.due_at = stopped ? now : now + delay_of(verdict, message->attempts);
        item.attempt_refunded = (verdict->flags & VERDICT_REFUND) != 0;
    }
    return item;
}

struct settlement outcome_put_off(const struct message *message, int64_t until, struct slice why)
{
    return (struct settlement){
        .id = message->id,
        .state = MESSAGE_QUEUED,
        .attempt_refunded = true,
        .due_at = until,
        .failure = why,
    };
}

struct settlement outcome_release(const struct message *message, int64_t now)
{
    return outcome_put_off(message, now, slice_absent());
}
