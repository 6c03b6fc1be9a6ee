/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phone numbers: any usual writing to E.164, of the countries that SMS are sent to.
 */
#pragma once

#include "core/slice.h"

/* "+" and 15 digits (ITU-T E.164 §6.2.1), and the NUL. */
#define NUMBER_MAX 17

/* Whose numbers are read: those of the countries in the table, or all. Of the others the length alone is looked at, for prices and risks
 * differ, and so do the rules. */
enum number_reach { NUMBER_LISTED, NUMBER_ALL };
/* "listed" or "all"; false for another word. */
bool number_reach_parse(struct slice text, enum number_reach *out);

/* Reads a mobile number as people write it (0712 345 678, +254-712-345678, 254712345678; Kenya when no country is named) into
 * `out` as E.164 with a NUL. On failure false, with what the number must be in `fault` (a literal, fit to be shown). */
bool number_parse(
    struct slice text, enum number_reach reach, char out[NUMBER_MAX], const char **fault);
