/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3339 texts and milliseconds since 1970 UTC, for years 1970 to 9999.
 */
#pragma once

#include "core/buf.h"

/* "2026-11-22T16:08:00.000Z" */
#define TIMESTAMP_LEN 24

/* Any offset, `T`/`t`/space between date and time, up to nine fraction digits (cut to milliseconds), leap second as :59.999.
 * False for anything else, and for instants outside 1970..9999. RFC 3339 §5.6. */
bool timestamp_parse(struct slice text, int64_t *out_ms);
/* UTC with `Z` and milliseconds; writes exactly TIMESTAMP_LEN bytes, no NUL. */
void timestamp_format(int64_t ms, char out[TIMESTAMP_LEN]);
void buf_put_timestamp(struct buf *buf, int64_t ms);
