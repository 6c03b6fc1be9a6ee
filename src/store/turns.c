/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last turn of each customer, in a table of SLOTS that are found by the customer's id.
 *
 * A customer whose id falls on a taken slot takes it over, and the former one's next message has its turn when it is due, as if it were
 * the first: the loser of a slot gains. A customer who sends many messages takes its slot back with each.
 *
 * Belongs to one thread. Limits: SLOTS of 24 bytes, nothing else is allocated.
 */
#include "store/turns.h"

#include <stdlib.h>
#include <string.h>

#include "core/check.h"

#define SLOTS 4096

struct turns {
    struct slot {
        struct uuid customer;
        int64_t last;
    } slots[SLOTS];
};

struct turns *turns_new(void)
{
    return memory_zeroed(sizeof(struct turns));
}

void turns_free(struct turns *turns)
{
    free(turns);
}

/* The end of an id is random. */
static struct slot *slot_of(struct turns *turns, struct uuid customer)
{
    uint64_t tail;
    memcpy(&tail, customer.bytes + sizeof(customer.bytes) - sizeof(tail), sizeof(tail));
    return &turns->slots[tail % SLOTS];
}

int64_t turns_next(struct turns *turns, struct uuid customer, int64_t due_at)
{
    struct slot *slot = slot_of(turns, customer);
    bool known = uuid_equal(slot->customer, customer);
    int64_t next = known ? slot->last + TURN_MS : due_at;
    slot->customer = customer;
    slot->last = next > due_at ? next : due_at;
    return slot->last;
}
