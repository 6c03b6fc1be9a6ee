/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3339 in: whatever is accepted is within bounds and survives the way through our own form.
 */
#include "core/check.h"
#include "core/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[TIMESTAMP_LEN];
    int64_t ms, back;
    if (!timestamp_parse((struct slice){(const char *)data, len}, &ms)) return 0;
    check(ms >= 0 && ms <= INT64_C(253402300799999));
    timestamp_format(ms, text);
    check(timestamp_parse((struct slice){text, sizeof(text)}, &back) && back == ms);
    return 0;
}
