/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quiet hours: when nobody gets an SMS, in the recipient's own time.
 */
#pragma once

#include "core/slice.h"

struct quiet {
    int from, minutes; /* of the day, and how many; none: never quiet */
    int zone;          /* minutes; of numbers whose country is not known here */
};

/* `hours` as "21:00-07:00", or empty for none. NULL, or what is wrong. */
const char *quiet_init(struct quiet *quiet, struct slice hours, int zone);
/* When the quiet hours end that it is in for this number (E.164); 0 when it is in none. Wall time in milliseconds. */
int64_t quiet_until(const struct quiet *quiet, struct slice number, int64_t now);
