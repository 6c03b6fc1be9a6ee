/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the label. Stateless; any thread.
 */
#include "auth/result.h"

#include "core/check.h"

struct slice auth_result_text(unsigned value)
{
    static const char *const texts[] = {
        [AUTH_RESULT_GOOD] = "good",
        [AUTH_RESULT_CACHED] = "cached",
        [AUTH_RESULT_REFUSED] = "refused",
        [AUTH_RESULT_UNAVAILABLE] = "unavailable",
        [AUTH_RESULT_BUSY] = "busy",
        [AUTH_RESULT_UNCHANGED] = "unchanged",
        [AUTH_RESULT_FAILED] = "failed",
    };
    return value < ARRAY_LEN(texts) ? slice_of(texts[value]) : slice_absent();
}
