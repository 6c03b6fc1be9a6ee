/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's multi interface, driven by the loop: its sockets are watches, its one timeout is a timer.
 *
 * What a failed call may have done is decided by one fact: whether libcurl ever got as far as sending. It says so by calling
 * `before_request` (CURLOPT_PREREQFUNCTION) once a connection stands, TLS included, and before it writes the first byte of a
 * request. Never called: NOT_SENT. Called, and no whole answer: UNKNOWN, even when it may be that nothing got out.
 *   resolve, connect, handshake ──before_request──▶ write, read ──▶ ANSWERED
 *        └─▶ NOT_SENT                                   └─▶ UNKNOWN
 * The same callback keeps a POST from going out twice. When a connection that was reused dies before the first byte of the answer,
 * libcurl (7.88, Curl_retry_request) sends the request again on a fresh one, also a POST that the peer had read whole; there is
 * no option against it. But each sending passes `before_request`, which refuses the second one of a POST. A GET may be sent again.
 * To meet few such connections, one that was idle for IDLE_MAX_S is not used again.
 *
 * Everything runs on the loop's thread. A transfer lives from outbound_start() to completion; a socket as long as libcurl wants
 * to know about it. The body is gathered here and copied to the caller's arena when it is whole.
 * Limits: HTTP/1.1, no decoding, no cookies, no credentials in URLs; name resolution waits in libcurl's own threads.
 */
#include "net/outbound.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "core/buf.h"

/* Apache httpd closes a connection after 5 idle seconds by default, which is the shortest of the usual servers. */
#define IDLE_MAX_S 3L
#define RETRY_AFTER_MAX_S INT64_C(31536000)

struct outbound {
    struct loop *loop;
    CURLM *multi;
    const char *ca_file; /* NULL: the system's */
    bool gave_up;
    struct timer timer;
    struct list transfers, sockets;
};

struct socket {
    struct list node;
    struct watch watch;
    struct outbound *outbound;
};

struct transfer {
    struct list node;
    struct outbound *outbound;
    struct outbound_call *call;
    CURL *easy;
    struct curl_slist *headers;
    struct buf body;
    unsigned sendings; /* how often libcurl was about to send the request */
    bool head_ended;   /* the empty line behind the answer's fields has arrived */
};

_Static_assert(sizeof(((struct outbound_call *)0)->fault) >= CURL_ERROR_SIZE, "room for a fault");

void outbound_global_init(void)
{
    check(curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK);
}

bool outbound_ca_readable(const char *ca_file)
{
    X509_STORE *store = X509_STORE_new();
    check(store != NULL);
    bool readable = X509_STORE_load_file(store, ca_file) == 1;
    X509_STORE_free(store);
    ERR_clear_error();
    return readable;
}

/* --- Completion --- */

static int64_t retry_after_ms(CURL *easy)
{
    curl_off_t seconds = 0; /* 0 also stands for an absent or unreadable field */
    struct curl_header *field;
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds < 0) return 0; /* a date in the past */
    if (seconds > RETRY_AFTER_MAX_S) seconds = RETRY_AFTER_MAX_S;
    if (seconds > 0) return seconds * 1000;
    bool there = curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &field) == CURLHE_OK;
    return there && strcmp(field->value, "0") == 0 ? 0 : -1;
}

/* libcurl calls an answer that ends within its head a success. 0 when there was no whole head. */
static int final_status(const struct transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return transfer->head_ended && status >= 200 ? (int)status : 0;
}

static void take_answer(struct transfer *transfer, int status)
{
    struct outbound_call *call = transfer->call;
    struct slice body = buf_slice(&transfer->body);
    const char *media_type = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &media_type);
    call->result = OUTBOUND_ANSWERED;
    call->status = status;
    call->retry_after_ms = retry_after_ms(transfer->easy);
    call->media_type = arena_copy(call->arena, slice_of(media_type));
    call->reply = arena_copy(call->arena, body.len > 0 ? body : SLICE(""));
}

static void take_failure(struct transfer *transfer, CURLcode code)
{
    struct outbound_call *call = transfer->call;
    call->result = transfer->sendings > 0 ? OUTBOUND_UNKNOWN : OUTBOUND_NOT_SENT;
    call->timed_out = code == CURLE_OPERATION_TIMEDOUT;
    if (!buf_ok(&transfer->body)) {
        snprintf(call->fault, sizeof(call->fault), "the answer is longer than allowed");
    } else if (code == CURLE_OK) {
        snprintf(call->fault, sizeof(call->fault), "the answer ended within its head");
    } else if (call->fault[0] == '\0') {
        snprintf(call->fault, sizeof(call->fault), "%s", curl_easy_strerror(code));
    }
}

/* Takes the transfer out of libcurl and releases it; the call's outputs are set. */
static void end_transfer(struct transfer *transfer, CURLcode code)
{
    struct outbound_call *call = transfer->call;
    int status = code == CURLE_OK ? final_status(transfer) : 0;
    if (status) {
        take_answer(transfer, status);
    } else {
        take_failure(transfer, code);
    }
    list_remove(&transfer->node);
    curl_multi_remove_handle(transfer->outbound->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    buf_deinit(&transfer->body);
    free(transfer);
    call->transfer = NULL;
}

static void complete_ended(struct outbound *outbound)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(outbound->multi, &left))) {
        struct transfer *transfer;
        CURLcode code = message->data.result; /* the message dies with its handle */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        struct outbound_call *call = transfer->call;
        end_transfer(transfer, code);
        op_complete(&call->op, ERR_OK);
    }
}

/* --- Between libcurl and the loop --- */

static void turn(struct outbound *outbound, curl_socket_t fd, int events)
{
    int running;
    check(curl_multi_socket_action(outbound->multi, fd, events, &running) == CURLM_OK);
    complete_ended(outbound);
}

static void socket_ready(struct watch *watch, uint32_t events)
{
    /* libcurl may release the socket, and with it the watch, during the turn. */
    struct outbound *outbound = CONTAINER_OF(watch, struct socket, watch)->outbound;
    int actions = 0;
    if (events & (EPOLLIN | EPOLLHUP)) actions |= CURL_CSELECT_IN;
    if (events & EPOLLOUT) actions |= CURL_CSELECT_OUT;
    if (events & EPOLLERR) actions |= CURL_CSELECT_ERR;
    turn(outbound, watch->fd, actions);
}

static void timer_due(struct timer *timer)
{
    turn(CONTAINER_OF(timer, struct outbound, timer), CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long delay_ms, void *context)
{
    struct outbound *outbound = context;
    (void)multi;
    if (delay_ms < 0) {
        timer_clear(&outbound->timer);
    } else {
        timer_set(outbound->loop, &outbound->timer, delay_ms);
    }
    return 0;
}

static struct socket *add_socket(struct outbound *outbound, curl_socket_t fd)
{
    struct socket *socket = memory_zeroed(sizeof(*socket));
    socket->outbound = outbound;
    watch_init(&socket->watch, outbound->loop, socket_ready);
    list_init(&socket->node);
    list_append(&outbound->sockets, &socket->node);
    curl_multi_assign(outbound->multi, fd, socket);
    return socket;
}

static void drop_socket(struct socket *socket)
{
    watch_clear(&socket->watch);
    list_remove(&socket->node);
    free(socket);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned)
{
    struct outbound *outbound = context;
    struct socket *socket = assigned;
    uint32_t events = 0;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket) drop_socket(socket);
        return 0;
    }
    if (!socket) socket = add_socket(outbound, fd);
    if (what & CURL_POLL_IN) events |= EPOLLIN;
    if (what & CURL_POLL_OUT) events |= EPOLLOUT;
    watch_set(&socket->watch, fd, events);
    return 0;
}

struct outbound *outbound_new(struct loop *loop, long connections_max, const char *ca_file)
{
    struct outbound *outbound = memory_zeroed(sizeof(*outbound));
    outbound->loop = loop;
    if (ca_file && ca_file[0]) outbound->ca_file = ca_file;
    outbound->multi = curl_multi_init();
    check(outbound->multi != NULL);
    timer_init(&outbound->timer, timer_due);
    list_init(&outbound->transfers);
    list_init(&outbound->sockets);
    curl_multi_setopt(outbound->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(outbound->multi, CURLMOPT_SOCKETDATA, outbound);
    curl_multi_setopt(outbound->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(outbound->multi, CURLMOPT_TIMERDATA, outbound);
    curl_multi_setopt(outbound->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(outbound->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections_max);
    curl_multi_setopt(outbound->multi, CURLMOPT_MAXCONNECTS, connections_max);
    return outbound;
}

void outbound_free(struct outbound *outbound)
{
    while (!list_empty(&outbound->transfers)) {
        struct transfer *transfer = CONTAINER_OF(outbound->transfers.next, struct transfer, node);
        transfer->call->op.pending = false;
        end_transfer(transfer, CURLE_ABORTED_BY_CALLBACK);
    }
    curl_multi_cleanup(outbound->multi);
    while (!list_empty(&outbound->sockets)) {
        drop_socket(CONTAINER_OF(outbound->sockets.next, struct socket, node));
    }
    timer_clear(&outbound->timer);
    free(outbound);
}

void outbound_give_up(struct outbound *outbound)
{
    outbound->gave_up = true;
    while (!list_empty(&outbound->transfers)) {
        struct transfer *transfer = CONTAINER_OF(outbound->transfers.next, struct transfer, node);
        struct outbound_call *call = transfer->call;
        end_transfer(transfer, CURLE_OPERATION_TIMEDOUT);
        op_complete(&call->op, ERR_OK);
    }
}

/* --- Start --- */

static bool loopback(const char *host)
{
    struct in_addr address;
    if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0) return true;
    return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

/* NULL when the URL may be called, else why not. Read by libcurl's own parser, so that both see the same host. */
static const char *url_fault(const char *text)
{
    char *scheme = NULL, *host = NULL;
    const char *fault = "the URL cannot be read";
    CURLU *url = curl_url();
    check(url != NULL);
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) goto out;
    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) goto out;
    if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK) goto out;
    if (strcmp(scheme, "https") == 0) {
        fault = NULL;
    } else if (strcmp(scheme, "http") != 0) {
        fault = "the URL is neither https nor http";
    } else {
        fault = loopback(host) ? NULL : "http is allowed to a loopback host only; use https";
    }
out:
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return fault;
}

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t len = size * count;
    buf_put(&transfer->body, (struct slice){bytes, len});
    return buf_ok(&transfer->body) ? len : CURL_WRITEFUNC_ERROR;
}

/* Called once for each line of a head, the status line and the empty line too; an answer may have 1xx heads before its own. */
static size_t take_head_line(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct slice line = {bytes, size * count};
    if (slice_starts(line, SLICE("HTTP/"))) transfer->head_ended = false;
    if (slice_equal(line, SLICE("\r\n")) || slice_equal(line, SLICE("\n"))) {
        transfer->head_ended = true;
    }
    return line.len;
}

static int before_request(void *context, char *to, char *from, int to_port, int from_port)
{
    struct transfer *transfer = context;
    (void)to, (void)from, (void)to_port, (void)from_port;
    bool again = transfer->sendings++ > 0;
    return again && slice_present(transfer->call->body) ? CURL_PREREQFUNC_ABORT
                                                        : CURL_PREREQFUNC_OK;
}

static void add_header(struct transfer *transfer, const char *header)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, header);
    check(longer != NULL);
    transfer->headers = longer;
}

static void set_request(struct transfer *transfer)
{
    const struct outbound_call *call = transfer->call;
    CURL *easy = transfer->easy;
    for (const char *const *at = call->headers; at && *at; at++) add_header(transfer, *at);
    if (slice_present(call->body)) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.ptr);
        add_header(transfer, "Expect:"); /* else libcurl asks first from 1 MiB on */
    }
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "agizo");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->total_timeout_ms);
}

/* The system's authorities may stand in a folder, too, which then must not count beside the file. */
static void set_authorities(CURL *easy, const char *ca_file)
{
    if (!ca_file) return;
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
}

/* What holds for every call. */
static void set_rules(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A name that does not resolve in time must not stop the loop until its thread has ended. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
}

static struct transfer *new_transfer(struct outbound *outbound, struct outbound_call *call)
{
    struct transfer *transfer = memory_zeroed(sizeof(*transfer));
    *transfer = (struct transfer){.outbound = outbound, .call = call, .easy = curl_easy_init()};
    check(transfer->easy != NULL);
    buf_init(&transfer->body, call->body_max);
    list_init(&transfer->node);
    list_append(&outbound->transfers, &transfer->node);
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, call->fault);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, take_head_line);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(transfer->easy, CURLOPT_PREREQDATA, transfer);
    return transfer;
}

void outbound_start(struct outbound *outbound, struct outbound_call *call, op_fn *done)
{
    op_start(&call->op, outbound->loop, done);
    call->status = 0;
    call->reply = call->media_type = slice_absent();
    call->retry_after_ms = -1;
    call->fault[0] = '\0';
    call->timed_out = outbound->gave_up;
    const char *fault = outbound->gave_up ? "nobody waits any more" : url_fault(call->url);
    if (fault) {
        call->result = OUTBOUND_NOT_SENT;
        snprintf(call->fault, sizeof(call->fault), "%s", fault);
        op_complete(&call->op, ERR_OK);
        return;
    }
    struct transfer *transfer = new_transfer(outbound, call);
    call->transfer = transfer;
    set_rules(transfer->easy);
    set_authorities(transfer->easy, outbound->ca_file);
    set_request(transfer);
    check(curl_multi_add_handle(outbound->multi, transfer->easy) == CURLM_OK);
}
