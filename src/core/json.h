/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON in (strict, over jansson) and JSON out (straight into a buffer).
 */
#pragma once

#include <jansson.h>

#include "core/buf.h"

/* RFC 8259 text, refused when: not UTF-8, a member name stands twice, brackets nest deeper than `depth_max`, a number is
 * out of the range of IEEE doubles or 64-bit integers, anything follows the value, or a text holds U+0000.
 * Any value is accepted at the top. NULL on refusal, with the reason in `*fault` (a literal, fit to be shown).
 * The caller owns the reference: CLEANUP(json_release). */
json_t *json_decode(struct slice text, int depth_max, const char **fault);
/* The same, and refused too when a number would lose digits as an IEEE double or 64-bit integer: for values that are kept. */
json_t *json_decode_exact(struct slice text, int depth_max, const char **fault);

/* True when a number in `text` (which json_decode_exact() accepted) is written with an exponent: its digits cannot be told from the value. */
bool json_has_exponent(struct slice text);

static inline void json_release(json_t **value)
{
    json_decref(*value);
}

/* The text of a JSON string value; absent when `value` is NULL or no string. Borrowed from `value`. */
static inline struct slice json_text(const json_t *value)
{
    if (!json_is_string(value)) return slice_absent();
    return (struct slice){json_string_value(value), json_string_length(value)};
}

/* A quoted, escaped JSON string. `text` is valid UTF-8. */
void json_put_text(struct buf *buf, struct slice text);
/* Length of the well-formed UTF-8 sequence at the front of a text that is not empty; 0 when there is none (RFC 3629 §4). */
size_t utf8_sequence(struct slice text);
/* True when `text` is well-formed UTF-8 without overlong forms or surrogates (RFC 3629). */
bool utf8_valid(struct slice text);
/* Code points in valid UTF-8. */
size_t utf8_length(struct slice text);
