/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was seen lately, so that it is taken only once.
 */
#pragma once

#include "core/digest.h"

struct replay;

enum replay_answer { REPLAY_NEW, REPLAY_SEEN, REPLAY_FULL };

/* What was noted is known for at least `window_ms`, and for less than twice that. `limit`: how many may be new within a window. */
struct replay *replay_new(int64_t window_ms, size_t limit);
/* NULL is fine. */
void replay_free(struct replay *replay);
/* Notes what is new. With REPLAY_FULL nothing is noted. `now_ms`: monotonic. Any thread. */
enum replay_answer replay_note(struct replay *replay, const struct digest *id, int64_t now_ms);
