/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fair turns: one customer's messages are a second apart, others' do not wait for them, and what is forgotten is nobody's loss.
 */
#include "store/turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/check.h"

#define NOW INT64_C(1767323045678)

static int open_turns(void **state)
{
    *state = turns_new();
    return 0;
}

static int close_turns(void **state)
{
    turns_free(*state);
    return 0;
}

/* A customer by two numbers: who share the second share a slot. */
static struct uuid customer(uint8_t head, uint8_t tail)
{
    return (struct uuid){.bytes = {[0] = head, [8] = tail, [15] = 0x80}};
}

static void the_first_has_its_turn_when_it_is_due(void **state)
{
    for (uint8_t i = 1; i < 100; i++) {
        assert_int_equal(turns_next(*state, customer(i, i), NOW + i), NOW + i);
    }
}

static void a_flood_is_a_second_apart(void **state)
{
    struct uuid id = customer(1, 1);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(turns_next(*state, id, NOW + i), NOW + i * INT64_C(1000));
    }
    assert_int_equal(turns_next(*state, customer(2, 2), NOW + 999), NOW + 999);
}

static void who_waits_between_is_not_held_back(void **state)
{
    struct uuid id = customer(1, 1);
    assert_int_equal(turns_next(*state, id, NOW), NOW);
    assert_int_equal(turns_next(*state, id, NOW + TURN_MS), NOW + TURN_MS);
    assert_int_equal(turns_next(*state, id, NOW + 5 * TURN_MS), NOW + 5 * TURN_MS);
    assert_int_equal(turns_next(*state, id, NOW + 5 * TURN_MS), NOW + 6 * TURN_MS);
}

/* A message that is due long ago, or a clock that was set back, gets a turn all the same, and never one before it is due. */
static void turns_do_not_go_back(void **state)
{
    struct uuid id = customer(1, 1);
    assert_int_equal(turns_next(*state, id, NOW), NOW);
    assert_int_equal(turns_next(*state, id, NOW - 60 * TURN_MS), NOW + TURN_MS);
    assert_int_equal(turns_next(*state, customer(2, 2), 0), 0);
}

/* The last eight bytes of an id choose the slot, in whatever order the machine reads them. */
static void a_slot_that_is_taken_over_costs_nobody(void **state)
{
    struct uuid one = customer(1, 7), other = customer(2, 7);
    for (int i = 0; i < 5; i++) (void)turns_next(*state, one, NOW);
    assert_int_equal(turns_next(*state, other, NOW), NOW);
    assert_int_equal(turns_next(*state, one, NOW), NOW);
    assert_int_equal(turns_next(*state, one, NOW), NOW + TURN_MS);
}

/* An id of zeroes looks like an empty slot. */
static void nobody_s_id_is_no_trap(void **state)
{
    assert_int_equal(turns_next(*state, (struct uuid){0}, NOW), NOW);
    assert_int_equal(turns_next(*state, (struct uuid){0}, NOW), NOW + TURN_MS);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, open_turns, close_turns)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(the_first_has_its_turn_when_it_is_due),
        CASE(a_flood_is_a_second_apart),
        CASE(who_waits_between_is_not_held_back),
        CASE(turns_do_not_go_back),
        CASE(a_slot_that_is_taken_over_costs_nobody),
        CASE(nobody_s_id_is_no_trap),
    };
    return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
