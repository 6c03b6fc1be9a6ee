/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery reports that wait for their message.
 */
#pragma once

#include "store/sqlite/connection.h"
#include "store/store.h"

/* Applies all reports that wait for the provider_id to the message, by the order of their rank; returns how many there were. */
int64_t reports_match(
    struct connection *connection, struct slice provider_id, const struct uuid *message);
/* Looks again at those that may now be about an `unknown` message; returns how many were matched. The arena takes what is found. */
int64_t reports_match_waiting(struct connection *connection, int64_t now, struct arena *arena);
