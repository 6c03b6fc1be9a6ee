/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the audited actions, from store/audit.def, and where entries of a time stand among their ids.
 *
 * An id begins with the milliseconds of the clock that also gave `at`, so a list by time is a range of ids, and no index by time is
 * needed. A clock that was set back lets ids run ahead of it (core/uuid.c): the range is wider than the times by AUDIT_SKEW_MS on both
 * sides, and `at` decides. Pure; any thread.
 */
#include "store/audit.h"

#include "core/check.h"
#include "store/page.h"

#define AUDIT_SKEW_MS 60000
/* Milliseconds that an id can hold. */
#define ID_TIME_END (INT64_C(1) << 48)

static const struct slice texts[] = {
#define AUDIT_ACTION(name, text) {text, sizeof(text) - 1},
#include "store/audit.def"
#undef AUDIT_ACTION
};

struct slice audit_action_text(enum audit_action action)
{
    return action < AUDIT_ACTION_COUNT ? texts[action] : SLICE("unknown");
}

bool audit_action_parse(struct slice text, enum audit_action *out)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!slice_equal(texts[i], text)) continue;
        *out = (enum audit_action)i;
        return true;
    }
    *out = AUDIT_ACTION_COUNT;
    return false;
}

/* The first id of this millisecond; of one that no id can hold, the last id there can be. */
static struct uuid first_id(int64_t ms)
{
    struct uuid id = {0};
    if (ms >= ID_TIME_END) {
        memset(id.bytes, 0xff, sizeof(id.bytes));
        return id;
    }
    for (int i = 5; i >= 0 && ms > 0; i--, ms >>= 8) id.bytes[i] = (uint8_t)ms;
    return id;
}

struct audit_range audit_range(const struct store_list *list)
{
    struct audit_range range = {
        .low = first_id(list->from > AUDIT_SKEW_MS ? list->from - AUDIT_SKEW_MS : 0),
        .high = first_id(list->to < ID_TIME_END ? list->to + AUDIT_SKEW_MS : ID_TIME_END),
    };
    const struct uuid *place = &list->place.id;
    if (list->after && memcmp(place->bytes, range.high.bytes, sizeof(place->bytes)) < 0) {
        range.high = *place;
    }
    return range;
}
