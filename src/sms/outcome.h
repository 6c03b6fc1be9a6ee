/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a verdict to what is written about the message: its next state, and when it is tried again.
 */
#pragma once

#include "sms/classify.h"
#include "store/store.h"

/* `now` in milliseconds of wall time. Texts are borrowed from the verdict. */
struct settlement outcome_settle(
    const struct verdict *verdict, const struct message *message, int64_t now);
/* A message that was claimed but not handed to the gateway goes back as it came. */
struct settlement outcome_release(const struct message *message, int64_t now);
/* It goes back to wait until then, and says why; no attempt counts. */
struct settlement outcome_put_off(const struct message *message, int64_t until, struct slice why);
/* Exponential back-off for the `attempt`-th failure (from 1): base, doubled with each, up to `cap`. Without jitter. */
int64_t outcome_backoff_ms(int attempt, int64_t base_ms, int64_t cap_ms);
