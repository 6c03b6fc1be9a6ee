/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The valve before the gateway: how many calls may run now, given how the last ones ended.
 */
#pragma once

#include "sms/classify.h"

enum valve_state {
    VALVE_OPEN,
    VALVE_PAUSED,  /* nothing is sent until `until_ms` */
    VALVE_STOPPED, /* nothing is sent until the account answers a probe, made at `until_ms` */
    VALVE_TRIAL,   /* one call at a time, until one is answered clearly */
};

struct valve {
    enum valve_state state;
    bool account;     /* stopped for the account's sake, and not yet resumed */
    int strikes;      /* pauses and stops since it was last open */
    int64_t until_ms; /* monotonic */
    struct slice why; /* a literal; absent when open */
};

void valve_init(struct valve *valve);
/* Takes note of how a call ended. */
void valve_note(struct valve *valve, const struct verdict *verdict, int64_t now_ms);
/* Takes note of the probe's answer; `why` (a literal) when the account is not usable. The reasons of verdicts are literals, too. */
void valve_probed(struct valve *valve, bool usable, const char *why, int64_t now_ms);
/* Ends a pause that is over. True when a probe is due. */
bool valve_tick(struct valve *valve, int64_t now_ms);
/* How many more calls may start, with `calling` on their way and at most `limit` at a time. */
size_t valve_room(const struct valve *valve, size_t calling, size_t limit);
