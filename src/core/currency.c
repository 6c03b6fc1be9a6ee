/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The currency table, and decimal texts to minor units and back.
 *
 * Codes as of January 2026 (the Bulgarian lev has gone). Codes without minor units (gold, XDR, XXX, …) are left out:
 * nothing is sold in them. Pure; any thread.
 */
#include "core/currency.h"

#include "core/check.h"

#define CODE_LEN 3

/* Codes of three letters, each followed by a blank or the end; the home currency is found first. */
static const struct {
    int digits;
    const char *codes;
} currencies[] = {
    {2, "KES AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN "
        "BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN "
        "ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD "
        "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
        "MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD "
        "RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
        "TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"},
    {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
    {3, "BHD IQD JOD KWD LYD OMR TND"},
    {4, "CLF UYW"},
};

static bool has_code(struct slice codes, struct slice code)
{
    for (; codes.len >= CODE_LEN; codes = slice_skip(codes, CODE_LEN + 1)) {
        if (memcmp(codes.ptr, code.ptr, CODE_LEN) == 0) return true;
        if (codes.len == CODE_LEN) return false;
    }
    return false;
}

bool currency_digits(struct slice code, int *digits)
{
    if (code.len != CODE_LEN) return false;
    for (size_t i = 0; i < ARRAY_LEN(currencies); i++) {
        if (!has_code(slice_of(currencies[i].codes), code)) continue;
        *digits = currencies[i].digits;
        return true;
    }
    return false;
}

static int64_t power_of_ten(int exponent)
{
    int64_t power = 1;
    while (exponent-- > 0) power *= 10;
    return power;
}

bool money_parse(struct slice decimal, int digits, int64_t *minor)
{
    uint64_t major, fraction = 0;
    struct slice decimals = decimal;
    struct slice whole = slice_cut(&decimals, '.');
    check(digits >= 0 && digits <= 4);
    if (whole.len > 1 && whole.ptr[0] == '0') return false;
    if (!slice_to_u64(whole, MONEY_MAX, &major)) return false;
    if (slice_present(decimals)) {
        if (decimals.len > (size_t)digits || !slice_to_u64(decimals, MONEY_MAX, &fraction))
            return false;
        fraction *= (uint64_t)power_of_ten(digits - (int)decimals.len);
    }
    /* 10^15 times 10^4 fits 64 unsigned bits. */
    uint64_t sum = major * (uint64_t)power_of_ten(digits) + fraction;
    if (sum > (uint64_t)MONEY_MAX) return false;
    *minor = (int64_t)sum;
    return true;
}

void buf_put_money(struct buf *buf, int64_t minor, int digits)
{
    char text[24]; /* filled from its end: 19 digits and the point */
    size_t at = sizeof(text);
    check(minor >= 0 && digits >= 0 && digits <= 4);
    for (int written = 0; minor > 0 || written <= digits; written++, minor /= 10) {
        if (digits > 0 && written == digits) text[--at] = '.';
        text[--at] = (char)('0' + minor % 10);
    }
    buf_put(buf, (struct slice){text + at, sizeof(text) - at});
}
