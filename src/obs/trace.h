/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * W3C Trace Context: the caller's trace id, so that our log lines can be found from theirs.
 */
#pragma once

#include "core/slice.h"

#define TRACE_ID_LEN 32

/* The trace id (lower-case hexadecimal, borrowed from the field) in the value of a `traceparent` header field; absent when the
 * value breaks a rule of W3C Trace Context §3.2, which says to go on as if it had not been sent. */
struct slice trace_parse(struct slice traceparent);
