/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain hooks for a store under test: the message names customer and item, an answer names the id.
 */
#pragma once

#include <stdatomic.h>

#include "store/store.h"

#define HOUR_MS (INT64_C(3600) * 1000)

static void compose(void *context, const struct customer *customer, const struct order *order,
    struct arena *arena, struct message *out)
{
    (void)context;
    out->to = arena_copy(arena, customer->phone);
    out->body =
        arena_format(arena, "%.*s: %.*s", SLICE_ARG(customer->name), SLICE_ARG(order->item));
    out->encoding = MESSAGE_UCS2;
    out->parts = 2;
    out->state = slice_present(customer->phone) ? MESSAGE_QUEUED : MESSAGE_SKIPPED;
    out->failure = slice_present(customer->phone) ? slice_absent() : SLICE("no number");
    out->due_at = order->created_at;
    out->expires_at = order->created_at + HOUR_MS;
}

static struct slice render_id(struct uuid id, struct arena *arena)
{
    char text[UUID_TEXT_LEN];
    uuid_format(id, text);
    return arena_format(arena, "{\"id\":\"%.*s\"}", UUID_TEXT_LEN, text);
}

static struct slice render_customer(const struct customer *row, struct arena *arena)
{
    return render_id(row->id, arena);
}

static struct slice render_order(const struct order *row, struct arena *arena)
{
    return render_id(row->id, arena);
}

/* `context` counts the calls. */
static void count_nudge(void *context)
{
    atomic_fetch_add((atomic_size_t *)context, 1);
}
