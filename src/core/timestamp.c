/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timestamps by the proleptic Gregorian calendar, without libc's time zones or locale.
 *
 * Days are counted in eras of 400 years that begin on 1 March, so that the leap day is the last of its year. Pure; any thread.
 */
#include "core/timestamp.h"

#define MS_PER_DAY INT64_C(86400000)
/* 9999-12-31T23:59:59.999Z */
#define MS_MAX INT64_C(253402300799999)
#define DAYS_PER_ERA 146097
/* 0000-03-01 to 1970-01-01. */
#define DAYS_TO_EPOCH 719468

struct civil {
    int year, month, day;
};

static int64_t days_from_civil(struct civil date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

static struct civil civil_from_days(int64_t days)
{
    days += DAYS_TO_EPOCH;
    int64_t era = days / DAYS_PER_ERA;
    int64_t day_of_era = days % DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    return (struct civil){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
    };
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Takes `count` digits from the front. */
static bool take_digits(struct slice *rest, size_t count, int *out)
{
    uint64_t value = 0;
    if (rest->len < count || !slice_to_u64((struct slice){rest->ptr, count}, 9999, &value)) {
        return false;
    }
    *out = (int)value;
    *rest = slice_skip(*rest, count);
    return true;
}

static bool take_char(struct slice *rest, const char *any_of)
{
    if (rest->len == 0 || rest->ptr[0] == '\0' || !strchr(any_of, rest->ptr[0])) return false;
    *rest = slice_skip(*rest, 1);
    return true;
}

static bool take_date(struct slice *rest, int64_t *days)
{
    struct civil date;
    if (!take_digits(rest, 4, &date.year) || !take_char(rest, "-")) return false;
    if (!take_digits(rest, 2, &date.month) || !take_char(rest, "-")) return false;
    if (!take_digits(rest, 2, &date.day)) return false;
    if (date.month < 1 || date.month > 12 || date.day < 1) return false;
    if (date.day > days_in_month(date.year, date.month)) return false;
    *days = days_from_civil(date);
    return true;
}

static bool take_fraction(struct slice *rest, int *ms)
{
    int digits = 0;
    *ms = 0;
    if (!take_char(rest, ".")) return true;
    while (rest->len > 0 && rest->ptr[0] >= '0' && rest->ptr[0] <= '9') {
        if (digits < 3) *ms = *ms * 10 + (rest->ptr[0] - '0');
        digits++;
        *rest = slice_skip(*rest, 1);
    }
    for (int i = digits; i < 3; i++) *ms *= 10;
    return digits >= 1 && digits <= 9;
}

static bool take_time(struct slice *rest, int64_t *ms)
{
    int hour, minute, second, fraction;
    if (!take_digits(rest, 2, &hour) || !take_char(rest, ":")) return false;
    if (!take_digits(rest, 2, &minute) || !take_char(rest, ":")) return false;
    if (!take_digits(rest, 2, &second) || !take_fraction(rest, &fraction)) return false;
    if (hour > 23 || minute > 59 || second > 60) return false;
    if (second == 60) {
        second = 59;
        fraction = 999;
    }
    *ms = ((hour * 60 + minute) * INT64_C(60) + second) * 1000 + fraction;
    return true;
}

static bool take_offset(struct slice *rest, int64_t *ms)
{
    int hour, minute;
    *ms = 0;
    if (take_char(rest, "Zz")) return true;
    bool west = rest->len > 0 && rest->ptr[0] == '-';
    if (!take_char(rest, "+-") || !take_digits(rest, 2, &hour) || !take_char(rest, ":"))
        return false;
    if (!take_digits(rest, 2, &minute) || hour > 23 || minute > 59) return false;
    *ms = (hour * 60 + minute) * INT64_C(60000) * (west ? -1 : 1);
    return true;
}

bool timestamp_parse(struct slice text, int64_t *out_ms)
{
    int64_t days, time_ms, offset_ms;
    if (!take_date(&text, &days) || !take_char(&text, "Tt ")) return false;
    if (!take_time(&text, &time_ms) || !take_offset(&text, &offset_ms) || text.len > 0)
        return false;
    int64_t ms = days * MS_PER_DAY + time_ms - offset_ms;
    if (ms < 0 || ms > MS_MAX) return false;
    *out_ms = ms;
    return true;
}

static void put_two(char *at, unsigned value)
{
    at[0] = (char)('0' + value / 10 % 10);
    at[1] = (char)('0' + value % 10);
}

void timestamp_format(int64_t ms, char out[TIMESTAMP_LEN])
{
    struct civil date = civil_from_days(ms / MS_PER_DAY);
    unsigned in_day = (unsigned)(ms % MS_PER_DAY), seconds = in_day / 1000,
             year = (unsigned)date.year;
    memcpy(out, "0000-00-00T00:00:00.000Z", TIMESTAMP_LEN);
    put_two(out, year / 100);
    put_two(out + 2, year % 100);
    put_two(out + 5, (unsigned)date.month);
    put_two(out + 8, (unsigned)date.day);
    put_two(out + 11, seconds / 3600);
    put_two(out + 14, seconds / 60 % 60);
    put_two(out + 17, seconds % 60);
    out[20] = (char)('0' + in_day % 1000 / 100);
    put_two(out + 21, in_day % 100);
}

void buf_put_timestamp(struct buf *buf, int64_t ms)
{
    char *at = buf_reserve(buf, TIMESTAMP_LEN);
    if (!at) return;
    timestamp_format(ms, at);
    buf_added(buf, TIMESTAMP_LEN);
}
