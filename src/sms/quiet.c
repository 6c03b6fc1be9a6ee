/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recipient's time goes by the country of the number, which has one fixed offset all year; DR Congo has two, and there it is quiet
 * when it is quiet in either.
 *
 * Pure; called on the dispatcher's loop. Refuses hours that leave less than FREE_MIN of a day: in two zones there might be nothing left.
 */
#include "sms/quiet.h"

#include "core/check.h"
#include "sms/zone.h"

#define FREE_MIN 120
#define CODE_LEN 3

static const struct {
    char code[CODE_LEN + 1];
    int zones[2];
} countries[] = {
    {"254", {180, 180}}, /* Kenya */
    {"256", {180, 180}}, /* Uganda */
    {"255", {180, 180}}, /* Tanzania */
    {"251", {180, 180}}, /* Ethiopia */
    {"250", {120, 120}}, /* Rwanda */
    {"257", {120, 120}}, /* Burundi */
    {"211", {120, 120}}, /* South Sudan */
    {"243", {60, 120}},  /* DR Congo: west, east */
};

const char *quiet_init(struct quiet *quiet, struct slice hours, int zone)
{
    int from, to;
    struct slice rest = hours;
    *quiet = (struct quiet){.zone = zone};
    if (hours.len == 0) return NULL;
    struct slice begin = slice_cut(&rest, '-');
    if (!zone_parse_clock(begin, &from) || !zone_parse_clock(rest, &to)) {
        return "AGIZO_SMS_QUIET_HOURS is not like 21:00-07:00";
    }
    quiet->from = from;
    quiet->minutes = (to - from + DAY_MINUTES) % DAY_MINUTES;
    bool sound = quiet->minutes > 0 && quiet->minutes <= DAY_MINUTES - FREE_MIN;
    return sound ? NULL : "AGIZO_SMS_QUIET_HOURS must leave at least two hours of the day";
}

/* The end of the quiet hours in one zone; `at` itself outside them. */
static int64_t end_in_zone(const struct quiet *quiet, int zone, int64_t at)
{
    int64_t minute = at / MINUTE_MS;
    int64_t since = (minute + zone - quiet->from + 2 * DAY_MINUTES) % DAY_MINUTES;
    return since < quiet->minutes ? (minute - since + quiet->minutes) * MINUTE_MS : at;
}

int64_t quiet_until(const struct quiet *quiet, struct slice number, int64_t now)
{
    int zones[2] = {quiet->zone, quiet->zone};
    if (quiet->minutes == 0) return 0;
    for (size_t i = 0; i < ARRAY_LEN(countries); i++) {
        struct slice code = {countries[i].code, CODE_LEN};
        if (number.len == 0 || !slice_starts(slice_skip(number, 1), code)) continue;
        memcpy(zones, countries[i].zones, sizeof(zones));
    }
    int64_t until = end_in_zone(quiet, zones[0], now);
    until = end_in_zone(quiet, zones[1], until);
    until = end_in_zone(quiet, zones[0], until); /* the other's end may lie in these */
    return until > now ? until : 0;
}
