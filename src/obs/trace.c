/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version "-" trace-id "-" parent-id "-" flags: 2, 32, 16 and 2 lower-case hexadecimal digits.
 *
 * Version ff is forbidden, ids of zeros are invalid. Version 00 ends behind the flags; a later one may go on behind another dash
 * and is read as far as 00 goes (§3.2.4). Pure; any thread.
 */
#include "obs/trace.h"

#define VERSION_00_LEN 55

/* Takes `len` digits and, unless at the end, one dash. False for any other character, and for all zeros unless allowed. */
static bool take_hex(struct slice *rest, size_t len, bool zero_allowed)
{
    bool zero = true;
    for (size_t i = 0; i < len; i++) {
        char c = rest->ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
        if (c != '0') zero = false;
    }
    *rest = slice_skip(*rest, len);
    if (zero && !zero_allowed) return false;
    if (rest->len == 0) return true;
    if (rest->ptr[0] != '-') return false;
    *rest = slice_skip(*rest, 1);
    return true;
}

struct slice trace_parse(struct slice traceparent)
{
    struct slice rest = traceparent;
    if (traceparent.len < VERSION_00_LEN) return slice_absent();
    if (slice_starts(rest, SLICE("ff")) || !take_hex(&rest, 2, true)) return slice_absent();
    if (slice_starts(traceparent, SLICE("00")) && traceparent.len != VERSION_00_LEN) {
        return slice_absent();
    }
    struct slice id = {rest.ptr, TRACE_ID_LEN};
    if (!take_hex(&rest, TRACE_ID_LEN, false)) return slice_absent();
    if (!take_hex(&rest, 16, false) || !take_hex(&rest, 2, true)) return slice_absent();
    return id;
}
