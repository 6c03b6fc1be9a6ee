/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones of a fixed offset, and days by them.
 */
#pragma once

#include "core/slice.h"

#define DAY_MINUTES 1440
#define MINUTE_MS INT64_C(60000)

/* Reads "07:00" (00:00 to 23:59) as minutes of the day. */
bool zone_parse_clock(struct slice text, int *minutes);
/* Reads "+03:00", up to 14 hours to either side, as minutes. */
bool zone_parse(struct slice text, int *minutes);
/* The day that it is in the zone, counted from 1970; `now` in milliseconds of wall time. */
int64_t zone_day(int64_t now, int zone_minutes);
