/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher: one thread that takes queued messages out of the store and hands them to the gateway.
 */
#pragma once

#include "core/config.h"
#include "store/store.h"

struct sms;

/* Starts the dispatcher thread. NULL (logged) for settings that can never work. */
struct sms *sms_open(const struct config *config, struct store *store);
/* Ends claiming; the calls in flight go on. Returns at once. */
void sms_drain(struct sms *sms);
/* Ends claiming, waits for the calls in flight (at most `grace_ms`), settles them, and joins the thread. False when the store still
 * holds operations then: nothing is released, and the store must not be closed. */
MUST_CHECK bool sms_close(struct sms *sms, int64_t grace_ms);
/* New messages were queued. Any thread; costs nothing while the dispatcher is awake. NULL is allowed. */
void sms_nudge(struct sms *sms);

/* The hook that composes the message of a new order (see store/store.h); `context` is a `struct sms_composer`. */
struct sms_composer {
    int64_t expiry_ms;
    int parts_max;
};
void sms_compose(void *context, const struct customer *customer, const struct order *order,
    struct arena *arena, struct message *out);
