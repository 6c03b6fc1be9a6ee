/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phone numbers: any usual writing to E.164, for the countries that SMS are sent to.
 */
#pragma once

#include "core/slice.h"

/* "+" and 15 digits (ITU-T E.164 §6.2.1), and the NUL. */
#define NUMBER_MAX 17

/* Reads a mobile number as people write it (0712 345 678, +254-712-345678, 254712345678; Kenya when no country is named) into
 * `out` as E.164 with a NUL. On failure false, with what the number must be in `fault` (a literal, fit to be shown). */
bool number_parse(struct slice text, char out[NUMBER_MAX], const char **fault);
