/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row for each parameter, in the columns of a member of a resource: it is a value of a kind, with bounds and an example. They are
 * read by the steps themselves; nothing is decoded from these rows. Pure data but for the search; any thread.
 */
#include "api/parameters.h"

#include "store/page.h"

/* Most rows need nothing beyond their kind. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define MUST FIELD_REQUIRED
#define AN_ID "01a2043f-7a96-767f-8ad7-539c5866c885"
#define IN(rows)                                                                                   \
    {                                                                                              \
        rows, ARRAY_LEN(rows)                                                                      \
    }

static const char *const state_words[] = {
#define MESSAGE_STATE(name, text) text,
#include "store/states.def"
#undef MESSAGE_STATE
    NULL};
static const char *const event_words[] = {
#define MESSAGE_EVENT(name, text) text,
#include "store/events.def"
#undef MESSAGE_EVENT
    NULL};

static const struct schema_field in_path[] = {
    {"id", FIELD_UUID, MUST, 0, 0, 0, NULL, AN_ID},
    {"event", FIELD_TEXT, MUST, 0, 0, 0, NULL, "order.received", .words = event_words},
    {"language", FIELD_TEXT, MUST, 0, 2, 3, NULL, "sw", .pattern = "^[a-z]{2,3}$"},
    {"secret", FIELD_TEXT, MUST, 0, 22, 0, NULL, "the-secret-of-the-gateway"},
    {"issuer", FIELD_SMALL, MUST, 0, 1, UINT16_MAX, NULL, "2"},
    {"file", FIELD_TEXT, MUST, 0, 0, 0, NULL, "viewer.js"},
};

static const struct schema_field in_query[] = {
    {"limit", FIELD_SMALL, 0, 0, 1, STORE_LIST_MAX, NULL, "50", .says = "50 when absent"},
    {"cursor", FIELD_TEXT, 0, 0, 1, 0, NULL, .says = "The next_cursor of the page before"},
    {"customer", FIELD_TEXT, 0, 0, 1, 0, NULL, "C1001",
        .says = "A customer's code, without regard to case"},
    {"from", FIELD_TIME, 0, 0, 0, 0, NULL, .says = "Not before"},
    {"to", FIELD_TIME, 0, 0, 0, 0, NULL, .says = "Before"},
    {"state", FIELD_STATE, 0, 0, 0, 0, NULL, "failed", .words = state_words},
    {"order", FIELD_UUID, 0, 0, 0, 0, NULL, AN_ID, .says = "An order's id"},
    {"currency", FIELD_CODE, 0, 0, CURRENCY_LEN, CURRENCY_LEN, NULL, "KES"},
    {"min_amount", FIELD_DECIMAL, 0, 0, 0, 0, NULL, "100.00", .says = "At least; in `currency`"},
    {"max_amount", FIELD_DECIMAL, 0, 0, 0, 0, NULL, "500.00", .says = "At most; in `currency`"},
    {"q", FIELD_TEXT, 0, 0, 1, 0, NULL, "flour", .says = "What stands in it: literal text"},
    {"subject", FIELD_TEXT, 0, 0, 1, 0, NULL, "user-clerk",
        .says = "Whom the provider calls so; needed to end sessions"},
    {"issuer", FIELD_TEXT, 0, 0, 1, 0, NULL, "https://login.example.com"},
    {"record", FIELD_TEXT, 0, 0, 1, 0, NULL, AN_ID, .says = "What the entry is about"},
    {"phone", FIELD_PHONE, 0, 0, 0, 0, NULL, "+254712345678"},
    {"unknown", FIELD_BOOL, 0, 0, 0, 0, NULL, "true",
        .says = "Also when nobody knows whether it arrived, at the risk of a second SMS"},
    {"dry_run", FIELD_BOOL, 0, 0, 0, 0, NULL, "true", .says = "Tells, and changes nothing"},
    {"v", FIELD_TEXT, 0, 0, 0, 0, NULL, .says = "Makes the address of each build its own"},
};

static const struct schema_field in_visit[] = {
    {"issuer", FIELD_SMALL, 0, 0, 1, UINT16_MAX, NULL, "1",
        .says = "Which provider; 1 when absent"},
    {"return", FIELD_TEXT, 0, 0, 0, 0, NULL, "/",
        .says = "A path of this service, to come back to"},
    {"state", FIELD_TEXT, 0, 0, 0, 0, NULL},
    {"code", FIELD_TEXT, 0, 0, 0, 0, NULL},
    {"iss", FIELD_TEXT, 0, 0, 0, 0, NULL},
    {"error", FIELD_TEXT, 0, 0, 0, 0, NULL},
    {"error_description", FIELD_TEXT, 0, 0, 0, 0, NULL},
    {"ticket", FIELD_TEXT, 0, 0, 0, 0, NULL, .says = "As POST /auth/logout gave it"},
};

static const struct {
    const struct schema_field *rows;
    size_t count;
} places[] = {
    [PARAMETER_PATH] = IN(in_path),
    [PARAMETER_QUERY] = IN(in_query),
    [PARAMETER_VISIT] = IN(in_visit),
};

const struct schema_field *parameter_find(enum parameter_place place, struct slice name)
{
    for (size_t i = 0; i < places[place].count; i++) {
        const struct schema_field *row = &places[place].rows[i];
        if (slice_equal(slice_of(row->name), name)) return row;
    }
    return NULL;
}
