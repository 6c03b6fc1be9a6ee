/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * So many a second for each peer, and some at once: a bucket of tokens for every address that shows itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate_limit;

/* `per_second`: 1 to 10,000 for each peer, after `burst` (at least 1) at once. */
struct rate_limit *rate_limit_new(int64_t per_second, int64_t burst);
void rate_limit_free(struct rate_limit *limit);
/* False when the peer has no token left: one comes within 1 / per_second. `peer`: whatever names it; `now_us`: monotonic. Any thread. */
bool rate_limit_spend(struct rate_limit *limit, uint64_t peer, int64_t now_us);
