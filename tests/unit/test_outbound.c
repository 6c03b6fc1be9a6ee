/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outbound HTTP against a real peer on the loopback interface: what an answer tells, and what a failure says of the request.
 */
#include "net/outbound.h"

#include "outbound_flow.h"
#include "outbound_script.h"

/* --- Answers --- */

static void answer_all(struct peer *peer, int fd)
{
    while (read_request(peer, fd)) say(fd, peer->answer);
}

static void an_answer_arrives_whole(void **state)
{
    static const char *const headers[] = {"apiKey: k", "Accept: application/json", NULL};
    (void)state;
    struct peer *peer = peer_start(answer_all);
    peer->answer =
        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"
        "{\"a\":1}";
    struct flow *flow = flow_new("http", peer->port, 1, 4);
    flow->calls[0].headers = headers;
    flow_run(flow);
    struct outbound_call *call = &flow->calls[0];
    assert_int_equal(call->result, OUTBOUND_ANSWERED);
    assert_int_equal(call->status, 201);
    assert_true(slice_equal(call->reply, SLICE("{\"a\":1}")));
    assert_int_equal(call->reply.ptr[call->reply.len], '\0');
    assert_true(slice_equal(call->media_type, SLICE("application/json")));
    assert_int_equal(call->retry_after_ms, -1);
    assert_string_equal(call->fault, "");
    assert_null(call->transfer);
    assert_non_null(strstr(peer->last, "POST /path HTTP/1.1\r\n"));
    assert_non_null(strstr(peer->last, "\r\napiKey: k\r\n"));
    assert_non_null(strstr(peer->last, "\r\n\r\nto=1&message=2"));
    assert_null(strcasestr(peer->last, "accept-encoding"));
    assert_null(strcasestr(peer->last, "expect:"));
    flow_free(flow);
    peer_stop(peer);
}

static void a_call_without_body_is_a_get(void **state)
{
    (void)state;
    struct peer *peer = peer_start(answer_all);
    peer->answer = "HTTP/1.1 204 No Content\r\n\r\n";
    struct flow *flow = flow_new("http", peer->port, 1, 4);
    flow->calls[0].body = slice_absent();
    flow_run(flow);
    assert_int_equal(flow->calls[0].status, 204);
    assert_true(slice_present(flow->calls[0].reply));
    assert_int_equal(flow->calls[0].reply.len, 0);
    assert_false(slice_present(flow->calls[0].media_type));
    assert_true(slice_starts(slice_of(peer->last), SLICE("GET /path HTTP/1.1\r\n")));
    flow_free(flow);
    peer_stop(peer);
}

static void an_empty_body_is_a_post(void **state)
{
    (void)state;
    struct peer *peer = peer_start(answer_all);
    peer->answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
    struct flow *flow = flow_new("http", peer->port, 1, 4);
    flow->calls[0].body = SLICE("");
    flow_run(flow);
    assert_true(slice_equal(flow->calls[0].reply, SLICE("abc")));
    assert_true(slice_starts(slice_of(peer->last), SLICE("POST /path HTTP/1.1\r\n")));
    assert_non_null(strstr(peer->last, "\r\nContent-Length: 0\r\n"));
    flow_free(flow);
    peer_stop(peer);
}

static void connections_are_kept_and_reused(void **state)
{
    (void)state;
    struct peer *peer = peer_start(answer_all);
    peer->answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct flow *flow = flow_new("http", peer->port, 5, 4);
    flow_run(flow);
    for (size_t i = 0; i < 5; i++) assert_int_equal(flow->calls[i].status, 200);
    assert_int_equal(peer->connections, 1);
    assert_int_equal(peer->requests, 5);
    flow_free(flow);
    peer_stop(peer);
}

static void calls_past_the_connections_wait(void **state)
{
    (void)state;
    struct peer *peer = peer_start(answer_all);
    peer->answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct flow *flow = flow_new("http", peer->port, CALLS_MAX, 2);
    flow->side_by_side = true;
    flow_run(flow);
    for (size_t i = 0; i < CALLS_MAX; i++) assert_int_equal(flow->calls[i].status, 200);
    assert_int_equal(peer->requests, CALLS_MAX);
    assert_int_equal(peer->connections, 2);
    flow_free(flow);
    peer_stop(peer);
}

static void a_redirect_is_an_answer(void **state)
{
    (void)state;
    struct peer *peer = peer_start(answer_all);
    peer->answer =
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
    struct flow *flow = flow_new("http", peer->port, 1, 4);
    flow_run(flow);
    assert_int_equal(flow->calls[0].result, OUTBOUND_ANSWERED);
    assert_int_equal(flow->calls[0].status, 307);
    assert_int_equal(peer->requests, 1);
    flow_free(flow);
    peer_stop(peer);
}

static void the_environments_proxy_is_ignored(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    a_redirect_is_an_answer(state);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static int64_t retry_after(const char *answer)
{
    struct peer *peer = peer_start(answer_all);
    peer->answer = answer;
    struct flow *flow = flow_new("http", peer->port, 1, 4);
    flow_run(flow);
    assert_int_equal(flow->calls[0].status, 503);
    int64_t ms = flow->calls[0].retry_after_ms;
    flow_free(flow);
    peer_stop(peer);
    return ms;
}

#define BUSY(field) "HTTP/1.1 503 Busy\r\n" field "Content-Length: 0\r\n\r\n"

static void retry_after_is_read(void **state)
{
    (void)state;
    assert_int_equal(retry_after(BUSY("")), -1);
    assert_int_equal(retry_after(BUSY("Retry-After: 7\r\n")), 7000);
    assert_int_equal(retry_after(BUSY("Retry-After: 0\r\n")), 0);
    assert_int_equal(retry_after(BUSY("Retry-After: soon\r\n")), -1);
    assert_int_equal(retry_after(BUSY("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n")), 0);
    int64_t far = retry_after(BUSY("Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n"));
    assert_int_equal(far, INT64_C(31536000000)); /* bounded to a year */
}

/* --- Failures --- */

static void expect_failure(const char *scheme, script_fn *script, enum outbound_result result)
{
    struct peer *peer = peer_start(script);
    struct flow *flow = flow_new(scheme, peer->port, 1, 4);
    flow->calls[0].body_max = 64;
    flow_run(flow);
    assert_int_equal(flow->calls[0].result, result);
    assert_int_equal(flow->calls[0].status, 0);
    assert_string_not_equal(flow->calls[0].fault, "");
    assert_true(peer->requests <= 1);
    flow_free(flow);
    peer_stop(peer);
}

static void close_at_once(struct peer *peer, int fd)
{
    (void)peer, (void)fd;
}

static void reset_at_once(struct peer *peer, int fd)
{
    (void)peer;
    reset(fd);
}

static void reset_after_request(struct peer *peer, int fd)
{
    read_request(peer, fd);
    reset(fd);
}

static void answer_half(struct peer *peer, int fd)
{
    read_request(peer, fd);
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{\"half\":");
}

static void answer_half_a_head(struct peer *peer, int fd)
{
    read_request(peer, fd);
    say(fd, "HTTP/1.1 200 OK\r\nContent-");
}

static void only_continue(struct peer *peer, int fd)
{
    read_request(peer, fd);
    say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void continue_and_half_a_head(struct peer *peer, int fd)
{
    read_request(peer, fd);
    say(fd, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n");
}

static void answer_half_a_chunk(struct peer *peer, int fd)
{
    read_request(peer, fd);
    say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
}

static void answer_without_last_chunk(struct peer *peer, int fd)
{
    read_request(peer, fd);
    say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
}

static void answer_too_much(struct peer *peer, int fd)
{
    char body[256];
    read_request(peer, fd);
    memset(body, 'x', sizeof(body));
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 256\r\n\r\n");
    (void)!send(fd, body, sizeof(body), MSG_NOSIGNAL);
    wait_for_end(fd);
}

static void answer_nonsense(struct peer *peer, int fd)
{
    read_request(peer, fd);
    say(fd, "hello\r\n\r\n");
}

static void a_refused_connection_sends_nothing(void **state)
{
    (void)state;
    expect_failure("http", NULL, OUTBOUND_NOT_SENT);
}

static void a_failed_handshake_sends_nothing(void **state)
{
    (void)state;
    expect_failure("https", close_at_once, OUTBOUND_NOT_SENT);
    expect_failure("https", reset_at_once, OUTBOUND_NOT_SENT);
}

static void a_connection_lost_later_is_unknown(void **state)
{
    (void)state;
    expect_failure("http", reset_after_request, OUTBOUND_UNKNOWN);
    expect_failure("http", answer_half, OUTBOUND_UNKNOWN);
    expect_failure("http", answer_half_a_head, OUTBOUND_UNKNOWN);
    expect_failure("http", only_continue, OUTBOUND_UNKNOWN);
    expect_failure("http", continue_and_half_a_head, OUTBOUND_UNKNOWN);
    expect_failure("http", answer_half_a_chunk, OUTBOUND_UNKNOWN);
    expect_failure("http", answer_without_last_chunk, OUTBOUND_UNKNOWN);
    expect_failure("http", answer_nonsense, OUTBOUND_UNKNOWN);
    expect_failure("http", answer_too_much, OUTBOUND_UNKNOWN);
}

static void a_reset_before_reading_is_unknown(void **state)
{
    (void)state;
    /* The kernel took the request, so we cannot know; only a peer that is gone before we write shows itself. */
    struct peer *peer = peer_start(reset_at_once);
    struct flow *flow = flow_new("http", peer->port, 1, 4);
    flow_run(flow);
    assert_int_not_equal(flow->calls[0].result, OUTBOUND_ANSWERED);
    assert_int_equal(peer->requests, 0);
    assert_false(flow->calls[0].timed_out);
    flow_free(flow);
    peer_stop(peer);
}

static void keep_silent(struct peer *peer, int fd)
{
    (void)peer;
    wait_for_end(fd);
}

static void read_and_keep_silent(struct peer *peer, int fd)
{
    read_request(peer, fd);
    wait_for_end(fd);
}

static void a_timeout_in_the_handshake_sends_nothing(void **state)
{
    (void)state;
    struct peer *peer = peer_start(keep_silent);
    struct flow *flow = flow_new("https", peer->port, 1, 4);
    flow->calls[0].connect_timeout_ms = 50;
    flow_run(flow);
    assert_int_equal(flow->calls[0].result, OUTBOUND_NOT_SENT);
    assert_true(flow->calls[0].timed_out);
    flow_free(flow);
    peer_stop(peer);
}

static void a_timeout_after_the_request_is_unknown(void **state)
{
    (void)state;
    struct peer *peer = peer_start(read_and_keep_silent);
    struct flow *flow = flow_new("http", peer->port, 1, 4);
    flow->calls[0].total_timeout_ms = 50;
    flow_run(flow);
    assert_int_equal(flow->calls[0].result, OUTBOUND_UNKNOWN);
    assert_true(flow->calls[0].timed_out);
    flow_free(flow);
    peer_stop(peer);
}

static void a_name_that_does_not_resolve_sends_nothing(void **state)
{
    (void)state;
    struct flow *flow = flow_new("https", 1, 1, 4);
    snprintf(flow->url, sizeof(flow->url), "https://agizo.invalid/");
    flow->calls[0].total_timeout_ms = 300;
    flow_run(flow);
    assert_int_equal(flow->calls[0].result, OUTBOUND_NOT_SENT);
    flow_free(flow);
}

static void only_loopback_hosts_may_be_plain(void **state)
{
    static const char *const refused[] = {"http://192.0.2.1/", "http://example.test/",
        "http://localhost.example.test/", "http://128.0.0.1/", "http://[::2]/",
        "http://127.0.0.1.example.test/", "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1/",
        "", "https://", "http://127.0.0.1@192.0.2.1/"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct flow *flow = flow_new("http", 1, 1, 4);
        flow->calls[0].url = refused[i];
        flow_run(flow);
        assert_int_equal(flow->calls[0].result, OUTBOUND_NOT_SENT);
        assert_string_not_equal(flow->calls[0].fault, "");
        flow_free(flow);
    }
}

static void every_loopback_spelling_is_plain(void **state)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]", "127.255.0.9"};
    (void)state;
    struct peer *unbound = peer_start(NULL);
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        struct flow *flow = flow_new("http", 1, 1, 4);
        snprintf(flow->url, sizeof(flow->url), "http://%s:%u/", hosts[i], unbound->port);
        flow_run(flow);
        assert_null(strstr(flow->calls[0].fault, "loopback"));
        flow_free(flow);
    }
    peer_stop(unbound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_arrives_whole),
        cmocka_unit_test(a_call_without_body_is_a_get),
        cmocka_unit_test(an_empty_body_is_a_post),
        cmocka_unit_test(connections_are_kept_and_reused),
        cmocka_unit_test(calls_past_the_connections_wait),
        cmocka_unit_test(a_redirect_is_an_answer),
        cmocka_unit_test(the_environments_proxy_is_ignored),
        cmocka_unit_test(retry_after_is_read),
        cmocka_unit_test(a_refused_connection_sends_nothing),
        cmocka_unit_test(a_failed_handshake_sends_nothing),
        cmocka_unit_test(a_connection_lost_later_is_unknown),
        cmocka_unit_test(a_reset_before_reading_is_unknown),
        cmocka_unit_test(a_timeout_in_the_handshake_sends_nothing),
        cmocka_unit_test(a_timeout_after_the_request_is_unknown),
        cmocka_unit_test(a_name_that_does_not_resolve_sends_nothing),
        cmocka_unit_test(only_loopback_hosts_may_be_plain),
        cmocka_unit_test(every_loopback_spelling_is_plain),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
