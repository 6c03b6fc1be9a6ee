/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A picture under a mutex that is held for a copy, never for a wait.
 *
 * The dispatcher writes, workers read. The memory is the dispatcher's; readers get copies of the texts.
 * Limits: of the name of who set the switch, HALTED_BY_MAX bytes are kept.
 */
#include "sms/status.h"

#include "core/check.h"

void status_init(struct status *status, struct slice gateway, struct slice sender)
{
    check(pthread_mutex_init(&status->mutex, NULL) == 0);
    status->now = (struct sms_status){.gateway = gateway, .sender = sender, .depth = -1};
}

void status_deinit(struct status *status)
{
    pthread_mutex_destroy(&status->mutex);
}

void status_publish(struct status *status, const struct sms_status *now)
{
    struct sms_status *kept = &status->now;
    pthread_mutex_lock(&status->mutex);
    kept->hold = now->hold;
    kept->why = now->why;
    kept->since = now->since;
    kept->in_flight = now->in_flight;
    kept->rate = now->rate;
    kept->spent = now->spent;
    kept->day_cap = now->day_cap;
    kept->currency = now->currency;
    if (slice_present(now->currency)) {
        kept->currency.ptr = memcpy(status->currency, now->currency.ptr, CURRENCY_LEN);
    }
    pthread_mutex_unlock(&status->mutex);
}

void status_queue(struct status *status, int64_t depth, int64_t oldest_due)
{
    if (depth < 0) return;
    pthread_mutex_lock(&status->mutex);
    status->now.depth = depth;
    status->now.oldest_due = oldest_due;
    pthread_mutex_unlock(&status->mutex);
}

static struct slice cut(struct slice by)
{
    if (by.len <= HALTED_BY_MAX) return by;
    by.len = HALTED_BY_MAX;
    while (by.len > 0 && ((unsigned char)by.ptr[by.len] & 0xc0) == 0x80) by.len--;
    return by;
}

void status_halted(struct status *status, int64_t at, struct slice by)
{
    by = cut(by);
    pthread_mutex_lock(&status->mutex);
    status->now.halted_at = at;
    status->now.halted_by = slice_present(by) ? (struct slice){status->by, by.len} : by;
    if (by.len > 0) memcpy(status->by, by.ptr, by.len);
    pthread_mutex_unlock(&status->mutex);
}

void status_read(struct status *status, struct arena *arena, struct sms_status *out)
{
    pthread_mutex_lock(&status->mutex);
    *out = status->now;
    out->gateway = arena_copy(arena, out->gateway);
    out->sender = arena_copy(arena, out->sender);
    out->why = arena_copy(arena, out->why);
    out->currency = arena_copy(arena, out->currency);
    out->halted_by = arena_copy(arena, out->halted_by);
    pthread_mutex_unlock(&status->mutex);
}
