/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes from the kernel, for identifiers, secrets and jitter.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Fills `out` with `len` unpredictable bytes; never fails once the system has booted. */
void random_fill(void *out, size_t len);
/* Uniform in [0, bound); bound >= 1. */
uint64_t random_below(uint64_t bound);
