/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phone numbers by a table of eight countries.
 *
 * Blanks, hyphens, dots and parentheses are dropped. What remains names its country (`+`, `00`, or Kenya's international prefix
 * `000`) or is Kenyan by its shape: 0 and nine digits, 254 and nine digits, or nine digits that begin with 7 or 1. A country has
 * one length of national number and a list of mobile prefixes; landlines cannot receive SMS and are refused.
 *
 * The prefixes are those of libphonenumber's metadata (tests/flow/number.test.mjs compares), except that for Kenya all of 7xx and 1xx
 * stand: its regulator opened the whole of 01 for mobile in 2019, and finer lists age. The gateway has the last word.
 * libphonenumber itself was rejected: 18 MB of C++, and it accepts `0712345678x12` by dropping the end.
 *
 * Pure; any thread. Numbers of countries that are not in the table are refused, or taken as they are where the settings say so.
 */
#include "sms/number.h"

#include "core/check.h"

#define DIGITS_MAX 15

/* Prefixes of three digits, from and to. */
struct range {
    int from, to;
};

static const struct range kenya[] = {{100, 199}, {700, 799}};
static const struct range uganda[] = {
    {700, 721}, {724, 724}, {726, 728}, {730, 732}, {734, 734}, {736, 737}, {740, 795}, {798, 799}};
static const struct range tanzania[] = {{600, 639}, {650, 799}};
static const struct range rwanda[] = {{720, 739}, {770, 799}};
static const struct range burundi[] = {{290, 299}, {610, 699}, {710, 729}, {750, 799}};
static const struct range ethiopia[] = {
    {700, 718}, {721, 723}, {725, 727}, {729, 739}, {777, 777}, {786, 786}, {799, 819}, {900, 999}};
static const struct range south_sudan[] = {{120, 129}, {910, 929}, {950, 959}, {970, 999}};
static const struct range congo[] = {{800, 879}, {890, 919}, {960, 999}};

static const struct country {
    char code[4];
    size_t digits; /* of the national number */
    const struct range *mobile;
    size_t mobile_count;
} countries[] = {
    {"254", 9, kenya, ARRAY_LEN(kenya)},
    {"256", 9, uganda, ARRAY_LEN(uganda)},
    {"255", 9, tanzania, ARRAY_LEN(tanzania)},
    {"250", 9, rwanda, ARRAY_LEN(rwanda)},
    {"257", 8, burundi, ARRAY_LEN(burundi)},
    {"251", 9, ethiopia, ARRAY_LEN(ethiopia)},
    {"211", 9, south_sudan, ARRAY_LEN(south_sudan)},
    {"243", 9, congo, ARRAY_LEN(congo)},
};
#define CODE_LEN 3
#define KENYA SLICE("254")

static const char not_a_number[] =
    "must hold only digits, blanks, hyphens, dots, parentheses and one leading +";
static const char no_country[] =
    "must be a Kenyan mobile number (07…, 01…) or begin with + and the country's code";
static const char other_country[] = "is in a country that SMS are not sent to";
static const char wrong_length[] = "has too many or too few digits for its country";
static const char not_mobile[] = "is not a mobile number, and cannot receive SMS";

/* What is left of a text without its decoration: "+" is counted apart. */
struct digits {
    char text[DIGITS_MAX + CODE_LEN]; /* room for 000 before the longest number */
    size_t len;
    bool plus;
};

/* NULL, or what is wrong. */
static const char *strip(struct slice text, struct digits *out)
{
    *out = (struct digits){.len = 0};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ' ' || c == '-' || c == '.' || c == '(' || c == ')') continue;
        if (c == '+' && out->len == 0 && !out->plus) {
            out->plus = true;
            continue;
        }
        if (c < '0' || c > '9') return not_a_number;
        if (out->len == sizeof(out->text)) return wrong_length;
        out->text[out->len++] = c;
    }
    return out->len == 0 ? not_a_number : NULL;
}

static bool is_mobile(const struct country *country, struct slice national)
{
    int prefix = 0;
    for (size_t i = 0; i < 3; i++) prefix = prefix * 10 + (national.ptr[i] - '0');
    for (size_t i = 0; i < country->mobile_count; i++) {
        if (prefix >= country->mobile[i].from && prefix <= country->mobile[i].to) return true;
    }
    return false;
}

/* NULL when the country is not in the table. */
static const struct country *find_country(struct slice code)
{
    for (size_t i = 0; i < ARRAY_LEN(countries); i++) {
        if (memcmp(countries[i].code, code.ptr, CODE_LEN) == 0) return &countries[i];
    }
    return NULL;
}

/* Judges country code and national number; writes E.164. */
static const char *judge(
    struct slice code, struct slice national, enum number_reach reach, char out[NUMBER_MAX])
{
    const struct country *country = find_country(code);
    if (!country && reach == NUMBER_LISTED) return other_country;
    if (country && national.len != country->digits) return wrong_length;
    if (country && !is_mobile(country, national)) return not_mobile;
    out[0] = '+';
    memcpy(out + 1, code.ptr, CODE_LEN);
    memcpy(out + 1 + CODE_LEN, national.ptr, national.len);
    out[1 + CODE_LEN + national.len] = '\0';
    return NULL;
}

static const char *judge_international(
    struct slice digits, enum number_reach reach, char out[NUMBER_MAX])
{
    if (digits.len < 8 || digits.len > DIGITS_MAX) return wrong_length;
    if (digits.ptr[0] == '0') return no_country; /* no country's code begins with 0 */
    return judge((struct slice){digits.ptr, CODE_LEN}, slice_skip(digits, CODE_LEN), reach, out);
}

static const char *judge_kenyan(struct slice national, char out[NUMBER_MAX])
{
    return judge(KENYA, national, NUMBER_LISTED, out);
}

static const char *parse(struct slice text, enum number_reach reach, char out[NUMBER_MAX])
{
    struct digits digits;
    const char *fault = strip(text, &digits);
    if (fault) return fault;
    struct slice rest = {digits.text, digits.len};
    if (digits.plus) return judge_international(rest, reach, out);
    if (slice_starts(rest, SLICE("000"))) {
        return judge_international(slice_skip(rest, 3), reach, out);
    }
    if (slice_starts(rest, SLICE("00")))
        return judge_international(slice_skip(rest, 2), reach, out);
    if (rest.ptr[0] == '0' && rest.len == 10) return judge_kenyan(slice_skip(rest, 1), out);
    if (slice_starts(rest, KENYA) && rest.len == 12) return judge_kenyan(slice_skip(rest, 3), out);
    if ((rest.ptr[0] == '7' || rest.ptr[0] == '1') && rest.len == 9) return judge_kenyan(rest, out);
    return no_country;
}

bool number_parse(
    struct slice text, enum number_reach reach, char out[NUMBER_MAX], const char **fault)
{
    *fault = parse(text, reach, out);
    return *fault == NULL;
}

bool number_reach_parse(struct slice text, enum number_reach *out)
{
    *out = slice_equal(text, SLICE("all")) ? NUMBER_ALL : NUMBER_LISTED;
    return *out == NUMBER_ALL || slice_equal(text, SLICE("listed"));
}
