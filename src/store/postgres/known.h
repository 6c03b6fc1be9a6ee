/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Customers as this link last read them, by code.
 *
 * What is known here may be out of date, and is never trusted: the insert of an order asks for the customer's id and version again. It
 * saves the look that would come before nearly every order.
 */
#pragma once

#include "store/row.h"

struct known;

struct known *known_new(void);
void known_free(struct known *known);
/* NULL when not known. Valid until the next call that is not known_find(). Codes compare without case. */
const struct customer *known_find(const struct known *known, struct slice code);
/* Copies the row in, over an older one. */
void known_put(struct known *known, const struct customer *row);
void known_forget(struct known *known, struct slice code);
