/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an SMS: which alphabet it needs, how many parts it fills, where it may be cut.
 */
#pragma once

#include "core/arena.h"
#include "store/row.h"

struct text_size {
    enum message_encoding encoding;
    size_t units; /* septets (GSM-7) or UTF-16 units (UCS-2) */
    int parts;    /* at least 1 */
};

/* Measures valid UTF-8 (3GPP TS 23.038 §6.2.1, parts by TS 23.040 §9.2.3.24.1). */
struct text_size text_measure(struct slice text);
/* The first `count` characters (code points); all of it when it has no more. */
struct slice text_head(struct slice text, size_t count);
/* The text with typographic characters become their GSM-7 likeness, so that one curly quote does not halve what a part holds.
 * The text itself when it has none, else a copy. For our own words and the names of goods; names of people stay as they are. */
struct slice text_plain(struct arena *arena, struct slice text);
