/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two clocks: wall time for what is stored and shown, monotonic time for every timer and interval.
 */
#pragma once

#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);
/* Milliseconds and microseconds since an arbitrary start; never goes back. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
