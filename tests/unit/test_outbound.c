/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outbound HTTP against a real peer on the loopback interface.
 *
 * The peer runs each connection on a thread of its own, by a script that reads requests and misbehaves. A flow makes calls one
 * after the other or side by side on a loop and ends when all have completed, so nothing here waits by the clock.
 */
#include "net/outbound.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buf.h"

#define CONNECTIONS_MAX 16
#define REQUEST_MAX 65536
#define CALLS_MAX 8

struct peer;
typedef void script_fn(struct peer *peer, int fd);

struct peer {
    int fd;
    unsigned port;
    script_fn *script;
    pthread_t acceptor, threads[CONNECTIONS_MAX];
    atomic_uint connections, requests;
    pthread_mutex_t mutex;
    char last[REQUEST_MAX]; /* the last whole request */
    const char *answer;
};

struct visit {
    struct peer *peer;
    int fd;
};

static void *serve(void *argument)
{
    struct visit *visit = argument;
    visit->peer->script(visit->peer, visit->fd);
    close(visit->fd);
    free(visit);
    return NULL;
}

static void *accept_all(void *argument)
{
    struct peer *peer = argument;
    for (;;) {
        int fd = accept(peer->fd, NULL, NULL);
        if (fd < 0) return NULL;
        struct visit *visit = memory_zeroed(sizeof(*visit));
        *visit = (struct visit){peer, fd};
        check(peer->connections < CONNECTIONS_MAX);
        pthread_t *thread = &peer->threads[peer->connections++];
        check(pthread_create(thread, NULL, serve, visit) == 0);
    }
}

static struct peer *peer_start(script_fn *script)
{
    struct peer *peer = memory_zeroed(sizeof(*peer));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    peer->script = script;
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(pthread_mutex_init(&peer->mutex, NULL) == 0);
    check(bind(peer->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    check(getsockname(peer->fd, (struct sockaddr *)&address, &len) == 0);
    peer->port = ntohs(address.sin_port);
    if (script) {
        check(listen(peer->fd, 64) == 0);
        check(pthread_create(&peer->acceptor, NULL, accept_all, peer) == 0);
    }
    return peer;
}

/* All connections must have been closed by the other side, or be about to end by their script. */
static void peer_stop(struct peer *peer)
{
    if (peer->script) {
        shutdown(peer->fd, SHUT_RDWR);
        pthread_join(peer->acceptor, NULL);
    }
    for (unsigned i = 0; i < peer->connections; i++) pthread_join(peer->threads[i], NULL);
    close(peer->fd);
    pthread_mutex_destroy(&peer->mutex);
    free(peer);
}

static size_t body_length(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");
    return field ? strtoul(field + 17, NULL, 10) : 0;
}

/* Reads one whole request and counts it; false when the connection ends first. */
static bool read_request(struct peer *peer, int fd)
{
    char text[REQUEST_MAX];
    size_t len = 0;
    for (;;) {
        ssize_t part = read(fd, text + len, sizeof(text) - 1 - len);
        if (part <= 0) return false;
        len += (size_t)part;
        text[len] = '\0';
        const char *body = strstr(text, "\r\n\r\n");
        if (body && len >= (size_t)(body + 4 - text) + body_length(text)) break;
    }
    pthread_mutex_lock(&peer->mutex);
    memcpy(peer->last, text, len + 1);
    pthread_mutex_unlock(&peer->mutex);
    peer->requests++;
    return true;
}

static void say(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Closing then sends a reset. */
static void reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void wait_for_end(int fd)
{
    char byte;
    while (read(fd, &byte, 1) > 0) continue;
}

/* --- A flow of calls --- */

struct flow {
    struct loop *loop;
    struct outbound *outbound;
    struct arena arena;
    struct outbound_call calls[CALLS_MAX];
    char url[128];
    size_t count, started, completed;
    bool side_by_side;
};

static struct flow *current;

static void call_done(struct op *op);

static void start_next(struct flow *flow)
{
    outbound_start(flow->outbound, &flow->calls[flow->started++], call_done);
}

static void call_done(struct op *op)
{
    struct flow *flow = current;
    assert_int_equal(op->err, ERR_OK);
    flow->completed++;
    if (flow->completed == flow->count) {
        loop_stop(flow->loop);
    } else if (!flow->side_by_side) {
        start_next(flow);
    }
}

static struct flow *flow_new(const char *scheme, unsigned port, size_t count, long connections)
{
    struct flow *flow = memory_zeroed(sizeof(*flow));
    flow->loop = loop_new();
    flow->outbound = outbound_new(flow->loop, connections);
    flow->count = count;
    arena_init(&flow->arena, 1 << 20);
    snprintf(flow->url, sizeof(flow->url), "%s://127.0.0.1:%u/path", scheme, port);
    for (size_t i = 0; i < count; i++) {
        flow->calls[i] = (struct outbound_call){.url = flow->url,
            .body = SLICE("to=1&message=2"),
            .connect_timeout_ms = 20000,
            .total_timeout_ms = 20000,
            .body_max = 4096,
            .arena = &flow->arena};
    }
    current = flow;
    return flow;
}

static void flow_run(struct flow *flow)
{
    do {
        start_next(flow);
    } while (flow->side_by_side && flow->started < flow->count);
    loop_run(flow->loop);
}

static void flow_free(struct flow *flow)
{
    outbound_free(flow->outbound);
    loop_free(flow->loop);
    arena_deinit(&flow->arena);
    free(flow);
}

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
    flow->outbound = outbound_new(flow->loop, 1);
    flow_free(flow);
    peer_stop(peer);
    close(told[0]);
    close(told[1]);
}

int main(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
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
        cmocka_unit_test(a_post_on_a_dying_connection_goes_out_once),
        cmocka_unit_test(a_get_on_a_dying_connection_is_sent_again),
        cmocka_unit_test(a_connection_announced_closed_is_not_reused),
        cmocka_unit_test(freeing_ends_a_pending_call_without_done),
    };
    sigaction(SIGPIPE, &ignore, NULL);
    outbound_global_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
