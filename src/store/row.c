/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of states and events, from store/states.def and store/events.def. Pure; any thread.
 */
#include "store/row.h"

#include "core/check.h"

static const struct slice states[] = {
#define MESSAGE_STATE(name, text) {text, sizeof(text) - 1},
#include "store/states.def"
#undef MESSAGE_STATE
};
static const struct slice events[] = {
#define MESSAGE_EVENT(name, text) {text, sizeof(text) - 1},
#include "store/events.def"
#undef MESSAGE_EVENT
};

/* The place of a name, or `count`. */
static size_t find(const struct slice *names, size_t count, struct slice text)
{
    size_t i = 0;
    while (i < count && !slice_equal(names[i], text)) i++;
    return i;
}

struct slice message_state_text(enum message_state state)
{
    check(state < MESSAGE_STATE_COUNT);
    return states[state];
}

bool message_state_parse(struct slice text, enum message_state *out)
{
    size_t place = find(states, ARRAY_LEN(states), text);
    if (place == ARRAY_LEN(states)) return false;
    *out = (enum message_state)place;
    return true;
}

struct slice message_event_text(enum message_event event)
{
    check(event < MESSAGE_EVENT_COUNT);
    return events[event];
}

bool message_event_parse(struct slice text, enum message_event *out)
{
    size_t place = find(events, ARRAY_LEN(events), text);
    if (place == ARRAY_LEN(events)) return false;
    *out = (enum message_event)place;
    return true;
}
