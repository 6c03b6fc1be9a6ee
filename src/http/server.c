/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The glue to libmicrohttpd 0.9.75 (called MHD below).
 *
 * MHD calls back in this order, for each request of a connection:
 *   take_target (request line read) → on_access, first call (head read) → on_access per piece of body → on_access, last call
 *   → on_completed (reply sent, or connection lost)
 * In the first call the request is only noted: a reply made there closes the connection, which is what we want for refused
 * framing and oversized bodies, and nowhere else. Steps run from the second call on. A request that waits is suspended in MHD; its
 * operation's completion resumes it, and the pump at the end of the turn lets MHD call on_access again.
 *
 * MHD's epoll descriptor is watched by our loop; its timeouts are pulled into one timer. All on the loop's thread, no locks.
 * Limits: http/limits.h. MHD answers some broken heads by itself (400, 431 as HTML) and closes.
 */
#include "http/server.h"

#include <microhttpd.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/clock.h"
#include "http/connection.h"
#include "http/head.h"
#include "http/linger.h"
#include "http/page.h"
#include "http/reply.h"
#include "http/router.h"
#include "http/target.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "obs/trace.h"

/* Head, parsed fields, and the space MHD reads bodies and writes heads with. */
#define CONNECTION_MEMORY (HTTP_HEAD_MAX + 16384)
#define SWEEP_MS 1000
/* How often a draining server looks whether it is empty. */
#define DRAIN_POLL_MS 20
/* MHD 0.9.75 asks to be run again at once, for ever, while a chunk's header fills its buffer. After this many turns in which it did
 * nothing, the next one waits a little; such a client is cut off by its deadline. */
#define VAIN_TURNS_MAX 8
#define VAIN_PAUSE_MS 5
/* Idle clients get this long to hear "Connection: close" on a next reply. */
#define DRAIN_LINGER_MS 1000
#define DRAIN_ACCEPT_MS 500

struct http_server {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct http_server_options options;
    struct watch watch;
    struct timer pump_timer, sweep_timer, drain_timer;
    struct defer pump;
    struct list connections, pool;
    struct lingers lingers;
    int64_t now_ms;    /* when the pump began: near enough for deadlines */
    uint64_t calls;    /* MHD's callbacks so far */
    uint64_t accepted; /* connections so far */
    unsigned vain_turns;
    bool draining;
    int64_t linger_until_ms, drain_until_ms;
    drained_fn *drained;
    void *drained_context;
};

struct list *http_server_pool(struct http_server *server)
{
    return &server->pool;
}

/* Lets MHD do all it can, then asks when it next wants to. */
static void pump(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    uint64_t calls = server->calls;
    server->now_ms = clock_mono_ms();
    check(MHD_run(server->daemon) == MHD_YES);
    if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES) {
        timer_clear(&server->pump_timer);
        return;
    }
    bool vain = wait_ms == 0 && calls == server->calls;
    server->vain_turns = vain ? server->vain_turns + 1 : 0;
    if (server->vain_turns > VAIN_TURNS_MAX) wait_ms = VAIN_PAUSE_MS;
    timer_set(server->loop, &server->pump_timer, (int64_t)wait_ms);
}

static void on_readable(struct watch *watch, uint32_t events)
{
    (void)events;
    pump(CONTAINER_OF(watch, struct http_server, watch));
}

static void on_pump_timer(struct timer *timer)
{
    pump(CONTAINER_OF(timer, struct http_server, pump_timer));
}

static void on_pump_defer(struct defer *defer)
{
    pump(CONTAINER_OF(defer, struct http_server, pump));
}

static void on_sweep(struct timer *timer)
{
    struct http_server *server = CONTAINER_OF(timer, struct http_server, sweep_timer);
    connections_sweep(&server->connections);
    lingers_sweep(&server->lingers);
    timer_set(server->loop, timer, SWEEP_MS);
}

void http_server_resume(struct req *rq)
{
    if (!rq->suspended) return;
    rq->suspended = false;
    MHD_resume_connection(rq->mhd);
    defer_set(rq->server->loop, &rq->server->pump);
}

static void expect(const struct req *rq, int64_t delay_ms)
{
    connection_expect(rq->connection, rq->server->now_ms, delay_ms);
}

/* MHD would note every parameter of the query in the connection's memory, and 0.9.75 neither answers nor closes when that runs out
 * (some 450 of them). We have our own copy by now, so the query ends for MHD where it begins. */
static void hide_query(const char *target)
{
    char *mark = strchr((char *)(uintptr_t)target, '?');
    if (mark) mark[1] = '\0';
}

static void *take_target(void *context, const char *target, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct req *rq = req_new(context, slice_of(target));
    rq->server->calls++;
    rq->mhd = mhd;
    rq->connection = info->socket_context;
    rq->app = rq->server->options.app;
    expect(rq, HTTP_HEAD_MS);
    rq->connection->busy = true;
    hide_query(target);
    return rq;
}

static void refuse(struct req *rq, enum err err)
{
    if (rq->route && rq->route->visit) {
        (void)req_fail_page(rq, err, slice_absent(), slice_absent());
    } else {
        (void)req_fail(rq, err);
    }
}

/* What stands wrong with the head, before any step may run. Framing errors end the connection at once. */
static enum MHD_Result begin(struct req *rq)
{
    const struct route_table *table = rq->server->options.table;
    enum err framing = head_read(rq);
    enum err target = framing ? framing : target_parse(rq);
    rq->shown_path = router_shown_path(rq->path, table);
    /* With a path that can be read and a query that cannot, the route still says whom the refusal is for. */
    enum err routing = slice_present(rq->path) ? router_match(rq, table) : ERR_OK;
    enum err err = target ? target : routing;
    rq->trace_id = trace_parse(req_field(rq, SLICE("traceparent"), NULL));
    expect(rq, HTTP_BODY_STALL_MS);
    rq->phase = REQ_ENTER;
    rq->next = rq->route && rq->route->enter ? rq->route->enter : table->enter;
    if (!err) return MHD_YES;
    refuse(rq, err);
    rq->connection->lingers = framing;
    return framing ? reply_send(rq, true) : MHD_YES;
}

static enum MHD_Result suspend(struct req *rq)
{
    rq->suspended = true;
    expect(rq, 0);
    MHD_suspend_connection(rq->mhd);
    return MHD_YES;
}

/* A piece of the body. MHD offers it again after a wait when `*size` is left as it was. */
static enum MHD_Result take_body(struct req *rq, const char *piece, size_t *size)
{
    if (rq->phase == REQ_ENTER) req_drive(rq);
    if (rq->phase == REQ_WAITING) return suspend(rq);
    expect(rq, HTTP_BODY_STALL_MS);
    rq->body_seen += *size;
    if (rq->body_seen > HTTP_BODY_MAX) {
        rq->connection->lingers = true;
        return reply_cut_off(rq);
    }
    if (rq->phase == REQ_BODY) buf_put(&rq->body, (struct slice){piece, *size});
    *size = 0;
    return MHD_YES;
}

/* MHD 0.9.75 takes a bare LF for the end of a chunk's size, extension and data, and we never see these bytes. A reader in front of us
 * that does not could be made to see one request where we see two; so a chunked request is the last of its connection. */
static bool framing_unseen(const struct req *rq)
{
    return slice_present(req_field(rq, SLICE("Transfer-Encoding"), NULL));
}

/* The body, if any, is complete: run on to the reply. */
static enum MHD_Result finish(struct req *rq)
{
    rq->body_ended = true;
    expect(rq, 0);
    if (rq->phase == REQ_ENTER || rq->phase == REQ_BODY) req_drive(rq);
    if (rq->phase == REQ_WAITING) return suspend(rq);
    return reply_send(rq, rq->server->draining || framing_unseen(rq));
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *piece, size_t *size, void **slot)
{
    struct req *rq = *slot;
    (void)context, (void)mhd, (void)url;
    rq->server->calls++;
    if (rq->phase == REQ_HEAD) {
        rq->method = slice_of(method);
        rq->version = slice_of(version);
        return begin(rq);
    }
    return *size > 0 ? take_body(rq, piece, size) : finish(rq);
}

static void count_request(const struct req *rq)
{
    const struct route_table *table = rq->server->options.table;
    unsigned route = rq->route ? (unsigned)(rq->route - table->routes) + 1 : 0;
    uint64_t elapsed = (uint64_t)(clock_mono_us() - rq->started_us);
    metrics_add(METRIC_HTTP_REQUESTS, route, reply_status_label(rq->reply.status), 1);
    metrics_observe(METRIC_HTTP_SECONDS, route, elapsed);
    log_set_request(rq->id, rq->trace_id);
    log_write(LOG_REQUEST, LOG_TEXT("method", rq->method), LOG_TEXT("path", rq->shown_path),
        LOG_NUMBER("status", rq->reply.status), LOG_NUMBER("us", elapsed));
    log_set_request(slice_absent(), slice_absent());
}

static void on_completed(
    void *context, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode code)
{
    struct req *rq = *slot;
    (void)context, (void)mhd, (void)code;
    if (!rq) return;
    *slot = NULL;
    rq->server->calls++;
    rq->connection->busy = false;
    expect(rq, HTTP_IDLE_MS);
    if (!rq->server->options.plain_metrics) count_request(rq);
    req_recycle(rq);
}

static void on_connection(void *context, struct MHD_Connection *mhd, void **slot,
    enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    struct http_connection *connection = *slot;
    server->calls++;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (connection->lingers) lingers_add(&server->lingers, connection->fd);
        list_remove(&connection->node);
        free(connection);
        return;
    }
    connection = memory_zeroed(sizeof(*connection));
    connection->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection_from(
        connection, MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    connection_expect(connection, server->now_ms, HTTP_HEAD_MS);
    list_init(&connection->node);
    list_append(&server->connections, &connection->node);
    metrics_add(METRIC_HTTP_CONNECTIONS, 0, 0, 1);
    server->accepted++;
    *slot = connection;
}

/* Targets are decoded once, by us (http/target.c). */
static size_t leave_escaped(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context, (void)mhd;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, server->options.listen_fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_MS / 1000, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)take_target, server},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL,
        on_access, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

struct http_server *http_server_new(struct loop *loop, const struct http_server_options *options)
{
    struct http_server *server = memory_zeroed(sizeof(*server));
    server->loop = loop;
    server->options = *options;
    list_init(&server->connections);
    list_init(&server->pool);
    lingers_init(&server->lingers, loop);
    watch_init(&server->watch, loop, on_readable);
    timer_init(&server->pump_timer, on_pump_timer);
    timer_init(&server->sweep_timer, on_sweep);
    defer_init(&server->pump, on_pump_defer);
    server->daemon = start_daemon(server);
    check(server->daemon != NULL);
    watch_set(&server->watch,
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, EPOLLIN);
    timer_set(loop, &server->sweep_timer, SWEEP_MS);
    return server;
}

/* Ends idle connections once they had their chance to hear of the end, and everything when the grace is over. */
static void on_drain(struct timer *timer)
{
    struct http_server *server = CONTAINER_OF(timer, struct http_server, drain_timer);
    int64_t now = clock_mono_ms();
    list_for_each (node, &server->connections) {
        struct http_connection *connection = CONTAINER_OF(node, struct http_connection, node);
        bool idle = !connection->busy && now >= server->linger_until_ms;
        if (idle || now >= server->drain_until_ms) (void)shutdown(connection->fd, SHUT_RDWR);
    }
    pump(server);
    bool empty = list_empty(&server->connections);
    if (empty || now >= server->drain_until_ms + DRAIN_POLL_MS) {
        server->drained(server->drained_context, empty);
        return;
    }
    timer_set(server->loop, timer, DRAIN_POLL_MS);
}

/* What the kernel has already accepted for us is served, not reset. MHD takes some ten at a time; clients that never stop coming
 * are left behind after DRAIN_ACCEPT_MS. */
static void accept_rest(struct http_server *server)
{
    int64_t until_ms = clock_mono_ms() + DRAIN_ACCEPT_MS;
    uint64_t before;
    do {
        before = server->accepted;
        pump(server);
    } while (server->accepted != before && clock_mono_ms() < until_ms);
}

void http_server_drain(
    struct http_server *server, int64_t grace_ms, drained_fn *drained, void *context)
{
    server->draining = true;
    server->drained = drained;
    server->drained_context = context;
    server->drain_until_ms = clock_mono_ms() + grace_ms;
    server->linger_until_ms = clock_mono_ms() + (grace_ms < DRAIN_LINGER_MS ? 0 : DRAIN_LINGER_MS);
    accept_rest(server);
    MHD_socket listening = MHD_quiesce_daemon(server->daemon);
    if (listening != MHD_INVALID_SOCKET) close(listening);
    timer_init(&server->drain_timer, on_drain);
    timer_set(server->loop, &server->drain_timer, 0);
}

void http_server_free(struct http_server *server)
{
    struct list *node;
    watch_clear(&server->watch);
    timer_clear(&server->pump_timer);
    timer_clear(&server->sweep_timer);
    defer_clear(&server->pump);
    MHD_stop_daemon(server->daemon);
    lingers_deinit(&server->lingers);
    while ((node = list_take(&server->pool))) req_free(CONTAINER_OF(node, struct req, pool));
    free(server);
}
