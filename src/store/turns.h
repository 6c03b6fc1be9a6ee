/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fair turns among customers: where a new message stands in the queue.
 *
 * A customer's messages are a second apart in the order of the queue, however fast they come: many of one customer do not stand before
 * one of another. What is kept here is an aid, bounded and forgetful; every link or writer has its own.
 */
#pragma once

#include "core/uuid.h"

struct turns;

struct turns *turns_new(void);
void turns_free(struct turns *turns);
/* The turn of a message of this customer that is due at `due_at` (milliseconds): then, or TURN_MS after the customer's last one. */
int64_t turns_next(struct turns *turns, struct uuid customer, int64_t due_at);
#define TURN_MS 1000
