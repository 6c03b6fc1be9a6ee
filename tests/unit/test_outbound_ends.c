/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How outbound calls end before their time: on connections that die under them, when they are freed, and when they are given up.
 */
#include "net/outbound.h"

#include <sys/epoll.h>

#include "outbound_flow.h"
#include "outbound_script.h"

/* --- Never twice --- */

/* Answers the first request of a connection; reads the second whole, then closes without a word. */
static void answer_once_then_close(struct peer *peer, int fd)
{
    if (!read_request(peer, fd)) return;
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    read_request(peer, fd);
}

static void answer_once_then_reset(struct peer *peer, int fd)
{
    answer_once_then_close(peer, fd);
    reset(fd);
}

static void expect_two_calls(
    script_fn *script, struct slice body, enum outbound_result second, unsigned requests)
{
    struct peer *peer = peer_start(script);
    struct flow *flow = flow_new("http", peer->port, 2, 4);
    flow->calls[1].body = body;
    flow_run(flow);
    assert_int_equal(flow->calls[0].result, OUTBOUND_ANSWERED);
    assert_int_equal(flow->calls[1].result, second);
    flow_free(flow);
    assert_int_equal(peer->requests, requests);
    peer_stop(peer);
}

static void a_post_on_a_dying_connection_goes_out_once(void **state)
{
    (void)state;
    expect_two_calls(answer_once_then_close, SLICE("once"), OUTBOUND_UNKNOWN, 2);
    expect_two_calls(answer_once_then_reset, SLICE("once"), OUTBOUND_UNKNOWN, 2);
    expect_two_calls(answer_once_then_close, SLICE(""), OUTBOUND_UNKNOWN, 2);
}

/* That libcurl does send again shows that the test above can fail. */
static void a_get_on_a_dying_connection_is_sent_again(void **state)
{
    (void)state;
    expect_two_calls(answer_once_then_close, slice_absent(), OUTBOUND_ANSWERED, 3);
}

static void close_after_each_answer(struct peer *peer, int fd)
{
    if (!read_request(peer, fd)) return;
    say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
}

static void a_connection_announced_closed_is_not_reused(void **state)
{
    (void)state;
    expect_two_calls(close_after_each_answer, SLICE("b"), OUTBOUND_ANSWERED, 2);
}

/* --- Freeing while a call waits --- */

static void stop_when_read(struct watch *watch, uint32_t events)
{
    (void)events;
    loop_stop(watch->loop);
    watch_clear(watch);
}

static int told[2];

static void read_and_tell(struct peer *peer, int fd)
{
    read_request(peer, fd);
    (void)!write(told[1], "x", 1);
    wait_for_end(fd);
}

static void freeing_ends_a_pending_call_without_done(void **state)
{
    struct watch watch;
    (void)state;
    assert_int_equal(pipe(told), 0);
    struct peer *peer = peer_start(read_and_tell);
    struct flow *flow = flow_new("http", peer->port, 1, 4);
    watch_init(&watch, flow->loop, stop_when_read);
    watch_set(&watch, told[0], EPOLLIN);
    flow_run(flow);
    assert_true(flow->calls[0].op.pending);
    outbound_free(flow->outbound);
    assert_false(flow->calls[0].op.pending);
    assert_int_equal(flow->calls[0].result, OUTBOUND_UNKNOWN);
    assert_int_equal(flow->completed, 0);
    flow->outbound = outbound_new(flow->loop, 1, NULL);
    flow_free(flow);
    peer_stop(peer);
    close(told[0]);
    close(told[1]);
}

static void give_up_when_read(struct watch *watch, uint32_t events)
{
    char byte;
    (void)events;
    check(read(watch->fd, &byte, 1) == 1);
    watch_clear(watch);
    outbound_give_up(current->outbound);
}

/* The second waits for the first one's connection, the third has not begun. */
static void giving_up_ends_calls_as_if_their_time_were_over(void **state)
{
    struct watch watch;
    (void)state;
    assert_int_equal(pipe(told), 0);
    struct peer *peer = peer_start(read_and_tell);
    struct flow *flow = flow_new("http", peer->port, 3, 1);
    watch_init(&watch, flow->loop, give_up_when_read);
    watch_set(&watch, told[0], EPOLLIN);
    start_next(flow);
    flow_run(flow);
    assert_int_equal(flow->calls[0].result, OUTBOUND_UNKNOWN);
    assert_int_equal(flow->calls[1].result, OUTBOUND_NOT_SENT);
    assert_int_equal(flow->calls[2].result, OUTBOUND_NOT_SENT);
    for (size_t i = 0; i < 3; i++) assert_true(flow->calls[i].timed_out);
    flow_free(flow);
    peer_stop(peer);
    close(told[0]);
    close(told[1]);
}

static void authorities_must_be_readable(void **state)
{
    (void)state;
    assert_false(outbound_ca_readable("/nowhere/ca.pem"));
    assert_false(outbound_ca_readable("/dev/null"));
    assert_false(outbound_ca_readable("/proc/self/status"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_on_a_dying_connection_goes_out_once),
        cmocka_unit_test(a_get_on_a_dying_connection_is_sent_again),
        cmocka_unit_test(a_connection_announced_closed_is_not_reused),
        cmocka_unit_test(freeing_ends_a_pending_call_without_done),
        cmocka_unit_test(giving_up_ends_calls_as_if_their_time_were_over),
        cmocka_unit_test(authorities_must_be_readable),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
