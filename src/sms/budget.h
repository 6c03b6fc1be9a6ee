/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SMS cost today, and the cap on it. Amounts are in ten-thousandths of the currency's unit (SMS_PRICE_DIGITS).
 */
#pragma once

#include "core/slice.h"
#include "store/row.h"

struct budget {
    int64_t cap; /* 0: none */
    int zone;    /* minutes; days begin at its midnight */
    char currency[CURRENCY_LEN];
    bool capped_currency, any_currency; /* `currency` is the cap's; is at least known */
    int64_t day;
    bool known;      /* the store has said what was spent on `day` */
    bool complained; /* about a cost that could not be counted, on `day` */
    int64_t spent;   /* by all copies, as the store knew last */
    int64_t pending, settled,
        asked; /* by this one: not settled yet; since the store was asked; of those, when it was */
};

/* "KES 0.8000" or "0": the currency (absent when not named) and the amount. False when it cannot be read. */
bool price_parse(struct slice text, struct slice *currency, int64_t *amount);

/* `cap` as "KES 5000", or empty for none. NULL, or what is wrong. */
const char *budget_init(struct budget *budget, struct slice cap, int zone);
/* The day that it is; begins a new one when it has come. `now` in milliseconds of wall time. */
int64_t budget_day(struct budget *budget, int64_t now);
/* A message was answered with this `cost` (absent when not said), `taken` when it was accepted: its price, as far as it counts. Complains,
 * once a day, of one that should count and cannot. */
int64_t budget_note(struct budget *budget, struct slice cost, bool taken);
/* The store has written so much of that down. */
void budget_settled(struct budget *budget, int64_t price);
/* The store is asked what was spent on this day; it has answered. */
void budget_asked(struct budget *budget);
void budget_told(struct budget *budget, int64_t day, int64_t spent);
/* Spent today, as far as this process can know. */
int64_t budget_spent(const struct budget *budget);
/* Nothing more may be spent today. */
bool budget_is_spent(const struct budget *budget);
/* There is a cap, and it is not known yet what was spent before. */
bool budget_waits(const struct budget *budget);
struct slice budget_currency(const struct budget *budget);
