/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket over claims, filled by the monotonic clock.
 *
 * The bucket holds a tenth of a second, so that in no second more than that goes beyond the rate. It is drawn from when a fiftieth
 * of a second is in it (or all that is wanted): more, and smaller, claims would cost the store a transaction each.
 *
 * Belongs to the dispatcher's loop; pure but for its state.
 */
#include "sms/pace.h"

#define MESSAGE INT64_C(1000) /* one, in thousandths; a rate is thousandths a millisecond */
#define BUCKET_PART 10
#define GRAIN_PART 50

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A part of a second's credit, at least one message. */
static int64_t part_of(int64_t rate, int64_t part)
{
    int64_t credit = rate * MESSAGE / part;
    return credit > MESSAGE ? credit : MESSAGE;
}

void pace_init(struct pace *pace, int64_t rate, int64_t resume_rate, int64_t now_ms)
{
    *pace =
        (struct pace){.rate = rate, .resume_rate = resume_rate, .credit = MESSAGE, .at_ms = now_ms};
}

int64_t pace_rate(const struct pace *pace)
{
    if (!pace->resuming || pace->resume_rate == 0) return pace->rate;
    return pace->rate ? least(pace->rate, pace->resume_rate) : pace->resume_rate;
}

static void fill(struct pace *pace, int64_t rate, int64_t now_ms)
{
    int64_t full = part_of(rate, BUCKET_PART), elapsed = least(now_ms - pace->at_ms, full);
    pace->credit = least(pace->credit + elapsed * rate, full);
    pace->at_ms = now_ms;
}

size_t pace_take(struct pace *pace, size_t wanted, int64_t now_ms)
{
    int64_t rate = pace_rate(pace), all = (int64_t)wanted * MESSAGE;
    if (rate == 0) return wanted;
    fill(pace, rate, now_ms);
    if (pace->credit < least(all, part_of(rate, GRAIN_PART))) return 0;
    int64_t taken = least(all, pace->credit) / MESSAGE;
    pace->credit -= taken * MESSAGE;
    return (size_t)taken;
}

void pace_return(struct pace *pace, size_t count)
{
    pace->credit += (int64_t)count * MESSAGE;
}

int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms)
{
    int64_t rate = pace_rate(pace);
    if (rate == 0) return 0;
    int64_t missing = part_of(rate, GRAIN_PART) - pace->credit;
    int64_t wait = (missing + rate - 1) / rate - (now_ms - pace->at_ms);
    return wait > 0 ? wait : 0;
}

void pace_resume(struct pace *pace)
{
    pace->resuming = true;
    pace->credit = least(pace->credit, MESSAGE);
}

void pace_caught_up(struct pace *pace)
{
    pace->resuming = false;
}
