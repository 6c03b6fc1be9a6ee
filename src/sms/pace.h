/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many messages may be claimed now: a limit of so many a second, and a gentler one after the account was stopped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pace {
    int64_t rate, resume_rate; /* messages a second; 0: no limit */
    bool resuming;             /* until nothing waits any more, `resume_rate` counts too */
    int64_t credit;            /* thousandths of a message */
    int64_t at_ms;             /* monotonic; when credit was last counted */
};

void pace_init(struct pace *pace, int64_t rate, int64_t resume_rate, int64_t now_ms);
/* Messages a second at present; 0: no limit. */
int64_t pace_rate(const struct pace *pace);
/* How many of `wanted` may go now; they are taken. */
size_t pace_take(struct pace *pace, size_t wanted, int64_t now_ms);
/* So many of those were not sent. */
void pace_return(struct pace *pace, size_t count);
/* Milliseconds until a refused pace_take() is worth another try. */
int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms);
/* The account works again, with a long queue behind it; and: the queue has been worked off. */
void pace_resume(struct pace *pace);
void pace_caught_up(struct pace *pace);
