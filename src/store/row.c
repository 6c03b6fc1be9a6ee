/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the message states, from store/states.def. Pure; any thread.
 */
#include "store/row.h"

#include "core/check.h"

static const struct slice names[] = {
#define MESSAGE_STATE(name, text) {text, sizeof(text) - 1},
#include "store/states.def"
#undef MESSAGE_STATE
};

struct slice message_state_text(enum message_state state)
{
    check(state < MESSAGE_STATE_COUNT);
    return names[state];
}

bool message_state_parse(struct slice text, enum message_state *out)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!slice_equal(names[i], text)) continue;
        *out = (enum message_state)i;
        return true;
    }
    return false;
}
