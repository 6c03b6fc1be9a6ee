/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics label `result` of agizo_tokens_total and agizo_identity_fetches_total.
 */
#pragma once

#include "core/slice.h"

enum auth_result {
    AUTH_RESULT_GOOD,
    AUTH_RESULT_CACHED, /* a token found good before */
    AUTH_RESULT_REFUSED,
    AUTH_RESULT_UNAVAILABLE, /* no usable key set */
    AUTH_RESULT_BUSY,
    AUTH_RESULT_UNCHANGED, /* a fetch that brought the same keys */
    AUTH_RESULT_FAILED,    /* a fetch without result */
};

/* For metrics_label(). */
struct slice auth_result_text(unsigned value);
