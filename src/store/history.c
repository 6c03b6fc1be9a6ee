/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the fragments of `messages.history`.
 *
 * Members stand in a fixed order, and each fragment begins with its comma, so that a change of state is one append to a text and
 * the reader only adds the brackets and the first state. Runs on the drivers' threads.
 */
#include "store/history.h"

#include "core/json.h"
#include "core/timestamp.h"

void history_put(struct buf *out, const struct history_change *change)
{
    buf_put_text(out, ",{\"state\":");
    json_put_text(out, message_state_text(change->state));
    buf_put_text(out, ",\"at\":\"");
    buf_put_timestamp(out, change->at);
    buf_put_char(out, '"');
    if (change->attempt) {
        buf_put_text(out, ",\"attempt\":");
        buf_put_i64(out, change->attempt);
    }
    if (change->failure.len > 0) {
        buf_put_text(out, ",\"failure\":");
        json_put_text(out, change->failure);
    }
    buf_put_char(out, '}');
}
