/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorts operations by verb and sends what gathered at the end of each turn of the loop.
 *
 * An idle link therefore sends a batch of one in the turn it came, and a busy one fills the next batch while the last is out. A timer
 * answers those that have waited long enough: for a connection that is away, or behind one that is held up by somebody's lock.
 *
 * Runs on its loop's thread; nothing here locks.
 * Limits: STORE_QUEUE_MAX operations waiting, past that ERR_BUSY at once.
 */
#include "store/postgres/link.h"

#include "core/clock.h"
#include "obs/metrics.h"
#include "store/postgres/creates.h"
#include "store/postgres/outbox.h"
#include "store/postgres/reads.h"

/* How late ERR_UNAVAILABLE may come after its bound. */
#define EXPIRY_STEP_MS 100

struct link {
    struct store_link base;
    unsigned number;
    struct connection write, read;
    struct creates creates;
    struct chores outbox, changes;
    struct reads reads;
    struct defer turn;
    struct timer expiry;
    bool expiring; /* the timer is set */
};

static size_t waiting(const struct link *link)
{
    return creates_waiting(&link->creates) + link->outbox.backlog.count +
           link->changes.backlog.count + link->reads.backlog.count;
}

static void watch_expiry(struct link *link)
{
    if (link->expiring || !waiting(link)) return;
    link->expiring = true;
    timer_set(link->base.loop, &link->expiry, EXPIRY_STEP_MS);
}

static void expire(struct link *link)
{
    int64_t now = clock_mono_ms();
    creates_expire(&link->creates, now);
    backlog_expire(&link->outbox.backlog, now);
    backlog_expire(&link->changes.backlog, now);
    backlog_expire(&link->reads.backlog, now);
}

static void expire_on_time(struct timer *timer)
{
    struct link *link = CONTAINER_OF(timer, struct link, expiry);
    link->expiring = false;
    expire(link);
    watch_expiry(link);
}

static void go(struct link *link)
{
    chores_go(&link->outbox);
    chores_go(&link->changes);
    creates_go(&link->creates);
    reads_go(&link->reads);
    metrics_set(METRIC_STORE_QUEUE, link->number, (int64_t)waiting(link));
    watch_expiry(link);
}

static void end_turn(struct defer *defer)
{
    go(CONTAINER_OF(defer, struct link, turn));
}

static void connection_changed(struct connection *connection)
{
    struct link *link = connection->context;
    expire(link);
    go(link);
}

static void open_connection(struct link *link, struct connection *connection,
    enum connection_role role, struct server *server)
{
    connection->loop = link->base.loop;
    connection->server = server;
    connection->role = role;
    connection->changed = connection_changed;
    connection->context = link;
    connection_open(connection);
}

struct store_link *link_new(struct store *store, struct loop *loop)
{
    struct server *server = CONTAINER_OF(store, struct server, base);
    struct link *link = memory_zeroed(sizeof(*link));
    link->base.loop = loop;
    link->number = atomic_fetch_add(&server->links, 1) % METRIC_LABEL_MAX;
    link->creates.connection = &link->write;
    link->outbox.connection = link->changes.connection = &link->write;
    link->creates.hooks = link->outbox.hooks = link->changes.hooks = &server->hooks;
    link->reads.connection = &link->read;
    creates_init(&link->creates);
    chores_init(&link->outbox, "outbox", OUTBOX_UNSURE_MS);
    chores_init(&link->changes, "change", BACKLOG_UNSURE_MS);
    reads_init(&link->reads);
    defer_init(&link->turn, end_turn);
    timer_init(&link->expiry, expire_on_time);
    open_connection(link, &link->write, ROLE_WRITE, server);
    open_connection(link, &link->read, ROLE_READ, server);
    return &link->base;
}

void link_free(struct store_link *base)
{
    struct link *link = CONTAINER_OF(base, struct link, base);
    check(!waiting(link));
    connection_close(&link->write);
    connection_close(&link->read);
    defer_clear(&link->turn);
    timer_clear(&link->expiry);
    creates_deinit(&link->creates);
    free(link);
}

void link_submit(struct store_link *base, struct store_op *op)
{
    struct link *link = CONTAINER_OF(base, struct link, base);
    if (waiting(link) >= STORE_QUEUE_MAX) {
        op_complete(&op->op, ERR_BUSY);
        return;
    }
    op->since_ms = clock_mono_ms();
    switch (op->verb) {
    case STORE_CUSTOMER_CREATE:
    case STORE_ORDER_CREATE: creates_put(&link->creates, op); break;
    case STORE_OUTBOX_CLAIM:
    case STORE_OUTBOX_SETTLE:
    case STORE_OUTBOX_SWEEP:
    case STORE_MESSAGES_SCRUB:
    case STORE_KEYS_PURGE: chores_put(&link->outbox, op); break;
    case STORE_SESSION_CREATE:
    case STORE_SESSION_TOUCH:
    case STORE_SESSION_REFRESH:
    case STORE_SESSION_END:
    case STORE_SESSIONS_PURGE:
    case STORE_AUDIT_WRITE:
    case STORE_REPORT_TAKE:
    case STORE_MESSAGE_RESEND:
    case STORE_MESSAGES_RESEND:
    case STORE_MESSAGE_SETTLE:
    case STORE_SENDING_SWITCH:
    case STORE_SUPPRESSION_ADD:
    case STORE_SUPPRESSION_REMOVE:
    case STORE_TEMPLATE_PUT:
    case STORE_TEMPLATE_REMOVE: chores_put(&link->changes, op); break;
    default: reads_put(&link->reads, op); break;
    }
    defer_set(link->base.loop, &link->turn);
}
