/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic on minutes. Zones with daylight saving have no place here: none of the countries of sms/number.c has any.
 *
 * Pure; any thread.
 */
#include "sms/zone.h"

#define ZONE_MAX (14 * 60)
#define CLOCK_LEN 5

static bool two_digits(const char *text, int most, int *out)
{
    uint64_t value;
    bool good = slice_to_u64((struct slice){text, 2}, (uint64_t)most, &value);
    if (good) *out = (int)value;
    return good;
}

bool zone_parse_clock(struct slice text, int *minutes)
{
    int hour, minute;
    if (text.len != CLOCK_LEN || text.ptr[2] != ':') return false;
    if (!two_digits(text.ptr, 23, &hour) || !two_digits(text.ptr + 3, 59, &minute)) return false;
    *minutes = hour * 60 + minute;
    return true;
}

bool zone_parse(struct slice text, int *minutes)
{
    if (text.len != 1 + CLOCK_LEN || (text.ptr[0] != '+' && text.ptr[0] != '-')) return false;
    if (!zone_parse_clock(slice_skip(text, 1), minutes) || *minutes > ZONE_MAX) return false;
    if (text.ptr[0] == '-') *minutes = -*minutes;
    return true;
}

int64_t zone_day(int64_t now, int zone_minutes)
{
    int64_t day_ms = DAY_MINUTES * MINUTE_MS, local = now + zone_minutes * MINUTE_MS;
    return local >= 0 ? local / day_ms : -((day_ms - 1 - local) / day_ms);
}
