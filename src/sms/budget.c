/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The day's spending: what the store has summed up over all copies of the service, and what this process has learned since.
 *
 *   answer ──→ pending ──→ settled (in the store, perhaps not yet in its sum) ──→ spent (the sum, asked for after it was settled)
 * What was settled while the store was asked may be counted twice until the next time: the sum errs to the careful side.
 *
 * Belongs to the dispatcher's loop. A day that has just begun, or a process, sends nothing under a cap before the store has told its sum.
 * Limits: what another copy spends is known when the store is asked again; the price of a message when it is answered. So the cap is
 * overshot by the calls on their way, at most. Messages that end `unknown` have no price.
 */
#include "sms/budget.h"

#include "core/currency.h"
#include "obs/log.h"
#include "sms/sms.h"
#include "sms/zone.h"

/* Digits behind those that count are cut. */
static struct slice cut_decimals(struct slice amount)
{
    struct slice decimals = amount;
    struct slice whole = slice_cut(&decimals, '.');
    size_t most = whole.len + 1 + SMS_PRICE_DIGITS;
    if (amount.len > most) amount.len = most;
    return amount;
}

bool price_parse(struct slice text, struct slice *currency, int64_t *amount)
{
    struct slice rest = text;
    *currency = slice_cut(&rest, ' ');
    if (!slice_present(rest)) {
        rest = text;
        *currency = slice_absent();
    } else if (currency->len != CURRENCY_LEN) {
        return false;
    }
    return money_parse(cut_decimals(rest), SMS_PRICE_DIGITS, amount);
}

static void keep_currency(struct budget *budget, struct slice currency)
{
    memcpy(budget->currency, currency.ptr, CURRENCY_LEN);
    budget->any_currency = true;
}

const char *budget_init(struct budget *budget, struct slice cap, int zone)
{
    struct slice currency;
    int digits;
    *budget = (struct budget){.zone = zone, .day = -1};
    if (cap.len == 0) return NULL;
    if (!price_parse(cap, &currency, &budget->cap) || budget->cap == 0 ||
        !slice_present(currency) || !currency_digits(currency, &digits)) {
        return "AGIZO_SMS_DAILY_COST is not like KES 5000";
    }
    keep_currency(budget, currency);
    budget->capped_currency = true;
    return NULL;
}

int64_t budget_day(struct budget *budget, int64_t now)
{
    int64_t day = zone_day(now, budget->zone);
    if (day != budget->day) {
        budget->day = day;
        budget->known = budget->complained = false;
        budget->spent = budget->settled = budget->asked = 0;
    }
    return day;
}

/* What the cost is to be counted as; -1 when it cannot be. */
static int64_t count(struct budget *budget, struct slice cost, bool taken)
{
    struct slice currency;
    int64_t price = 0;
    if (!slice_present(cost)) return taken ? -1 : 0;
    if (!price_parse(cost, &currency, &price)) return -1;
    if (price == 0) return 0;
    if (!slice_present(currency)) return -1;
    if (!budget->any_currency) keep_currency(budget, currency);
    return slice_equal(currency, budget_currency(budget)) ? price : -1;
}

int64_t budget_note(struct budget *budget, struct slice cost, bool taken)
{
    int64_t price = count(budget, cost, taken);
    if (price < 0 && budget->cap && !budget->complained) {
        budget->complained = true;
        log_write(LOG_SMS_FAULT,
            LOG_TEXT("why", SLICE("a message's cost does not count towards AGIZO_SMS_DAILY_COST")),
            LOG_TEXT("answer", cost));
    }
    if (price < 0) return 0;
    budget->pending += price;
    return price;
}

void budget_settled(struct budget *budget, int64_t price)
{
    budget->pending -= price;
    budget->settled += price;
}

void budget_asked(struct budget *budget)
{
    budget->asked = budget->settled;
}

void budget_told(struct budget *budget, int64_t day, int64_t spent)
{
    if (day != budget->day) return;
    budget->spent = spent;
    budget->settled -= budget->asked;
    budget->asked = 0;
    budget->known = true;
}

int64_t budget_spent(const struct budget *budget)
{
    return budget->spent + budget->settled + budget->pending;
}

bool budget_is_spent(const struct budget *budget)
{
    return budget->cap > 0 && budget_spent(budget) >= budget->cap;
}

bool budget_waits(const struct budget *budget)
{
    return budget->cap > 0 && !budget->known;
}

struct slice budget_currency(const struct budget *budget)
{
    return budget->any_currency ? (struct slice){budget->currency, CURRENCY_LEN} : slice_absent();
}
