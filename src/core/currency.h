/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Currencies (ISO 4217) and money as integer minor units.
 */
#pragma once

#include "core/buf.h"

/* The largest amount in minor units, KES 9,999,999,999,999.99: every amount survives the way through an IEEE double. */
#define MONEY_MAX INT64_C(999999999999999)

/* Where none is named. */
#define CURRENCY_DEFAULT SLICE("KES")

/* How many decimals the currency has (0, 2, 3 or 4); false when `code` is no active code with minor units. Upper case only. */
bool currency_digits(struct slice code, int *digits);
/* Reads "1250", "1250.5", "0.05": digits without leading zeros, at most `digits` decimals, no sign, no exponent, at most
 * MONEY_MAX minor units. */
bool money_parse(struct slice decimal, int digits, int64_t *minor);
/* Appends "1250.00": exactly `digits` decimals; `minor` is not negative. */
void buf_put_money(struct buf *buf, int64_t minor, int digits);
