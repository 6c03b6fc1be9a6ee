/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One libpq connection in pipeline mode.
 *
 * Statements are queued with connection_execute() and closed by a sync, which makes them one flight and one transaction. Results come
 * back in the order of sending, so the flights that are out form a list and the first one is always the one being answered.
 *   AWAY --timer--> CONNECTING --PQconnectPoll--> PREPARING --sync--> READY      any --error, silence--> AWAY (back-off)
 * PREPARING sends the session's settings and prepares every statement of the role, in one flight of its own.
 * Breaking ends every flight as LOST; whoever sent it decides what to send again. An error that is found while sending is acted on at
 * the end of the turn, so that no callback runs inside the caller.
 *
 * Runs on the loop's thread; nothing here locks. Flights belong to their senders, PGresults to us.
 * Limits: CONNECT_MS to connect, SILENCE_MS without an answer while flights are out; reconnects after full jitter of
 * BACKOFF_FIRST_MS doubled up to BACKOFF_MOST_MS.
 */
#include "store/postgres/connection.h"

#include <stdio.h>
#include <sys/epoll.h>

#include "core/random.h"
#include "obs/log.h"
#include "obs/metrics.h"

#define CONNECT_MS 5000
/* Longer than the server's own statement_timeout, which frees the transaction's locks first. */
#define SILENCE_MS 8000
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MOST_MS 5000
/* How soon a link notices that the migrations are done: short beside a start, rare beside idling. */
#define MIGRATION_POLL_MS 50

/* An answered order is on disk, also where the database's default is not to wait for it; stricter settings stay.
 * Every statement is written for nested loops along an index. A plan made while tables are empty is kept until statistics arrive, so
 * the planner must not choose by size: with a scan or hash it would read whole tables a minute later. */
static const char settings[] =
    "select set_config('statement_timeout', '5s', false), "
    "set_config('lock_timeout', '1s', false), "
    "set_config('idle_in_transaction_session_timeout', '10s', false), "
    "set_config('plan_cache_mode', 'force_generic_plan', false), "
    "set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false), "
    "set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false), "
    "set_config('max_parallel_workers_per_gather', '0', false), "
    "set_config('jit', 'off', false), set_config('synchronous_commit', "
    "replace(current_setting('synchronous_commit'), 'off', 'on'), false)";

static void log_change(const struct connection *connection, enum log_event event, const char *why)
{
    const char *role = connection->role == ROLE_WRITE ? "write" : "read";
    log_write(event, LOG_TEXT("connection", slice_of(role)), LOG_TEXT("why", slice_of(why)));
}

static void disconnect(struct connection *connection)
{
    watch_clear(&connection->watch);
    timer_clear(&connection->timer);
    defer_clear(&connection->breaking);
    if (connection->pg) PQfinish(connection->pg);
    connection->pg = NULL;
    connection->broken = false;
    connection->state = CONNECTION_AWAY;
}

static void back_off(struct connection *connection)
{
    uint64_t most = BACKOFF_FIRST_MS;
    for (unsigned i = 0; i < connection->failures && most < BACKOFF_MOST_MS; i++) most *= 2;
    if (most > BACKOFF_MOST_MS) most = BACKOFF_MOST_MS;
    connection->failures++;
    timer_set(connection->loop, &connection->timer, (int64_t)random_below(most) + 1);
}

static void end_flights(struct connection *connection)
{
    struct list lost;
    list_init(&lost);
    list_move_all(&lost, &connection->flights);
    /* From the end, because senders put back in front: the order stays. */
    while (!list_empty(&lost)) {
        struct flight *flight = CONTAINER_OF(lost.prev, struct flight, node);
        list_remove(&flight->node);
        if (flight != &connection->setup) flight->end(flight, FLIGHT_LOST);
    }
}

/* `why`: an SQLSTATE, or words of ours; never libpq's, which may hold the address. */
static void lose(struct connection *connection, const char *why)
{
    bool was_ready = connection->state == CONNECTION_READY;
    if (!was_ready) atomic_store(&connection->server->reachable, false);
    if (connection->failures == 0) log_change(connection, LOG_STORE_LOST, why);
    disconnect(connection);
    back_off(connection);
    end_flights(connection);
    if (was_ready) connection->changed(connection);
}

static void break_now(struct defer *defer)
{
    lose(CONTAINER_OF(defer, struct connection, breaking), "send failed");
}

static void mark_broken(struct connection *connection)
{
    connection->broken = true;
    defer_set(connection->loop, &connection->breaking);
}

/* Nearly every flight fits the socket's buffer, so the events seldom change. */
static void watch_for(struct connection *connection, uint32_t events)
{
    if (connection->watch.fd >= 0 && connection->events == events) return;
    watch_set(&connection->watch, PQsocket(connection->pg), events);
    connection->events = events;
}

/* True when the whole queue is on its way or waits for the socket. */
static bool flush(struct connection *connection)
{
    int left = PQflush(connection->pg);
    if (left < 0) return false;
    watch_for(connection, left ? EPOLLIN | EPOLLOUT : EPOLLIN);
    return true;
}

void connection_execute(struct connection *connection, const char *statement)
{
    struct params *params = &connection->params;
    params_seal(params);
    if (!PQsendQueryPrepared(connection->pg, statement, params->count, params->values,
            params->lengths, params->formats, 1)) {
        mark_broken(connection);
    }
    params_reset(params);
}

void connection_send(struct connection *connection, struct flight *flight)
{
    flight->sqlstate[0] = '\0';
    if (list_empty(&connection->flights)) {
        timer_set(connection->loop, &connection->timer, SILENCE_MS);
    }
    list_append(&connection->flights, &flight->node);
    if (!PQpipelineSync(connection->pg) || !flush(connection)) mark_broken(connection);
}

static void end_first(struct connection *connection, struct flight *flight)
{
    list_remove(&flight->node);
    if (list_empty(&connection->flights)) {
        timer_clear(&connection->timer);
    } else {
        timer_set(connection->loop, &connection->timer, SILENCE_MS);
    }
    flight->end(flight, flight->sqlstate[0] ? FLIGHT_FAILED : FLIGHT_DONE);
}

/* Notes the error for the end of the flight; false when it takes the session with it, or came from libpq itself. */
static bool note_error(struct flight *flight, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (!sqlstate) return false;
    snprintf(flight->sqlstate, sizeof(flight->sqlstate), "%s", sqlstate);
    if (severity && !slice_equal(slice_of(severity), SLICE("ERROR"))) return false;
    return !fault_ends_session(sqlstate);
}

/* False when the connection must go. */
static bool take_result(struct connection *connection, const PGresult *result)
{
    struct flight *flight = CONTAINER_OF(connection->flights.next, struct flight, node);
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (flight->result && !flight->sqlstate[0]) flight->result(flight, result);
        return true;
    case PGRES_PIPELINE_SYNC: end_first(connection, flight); return true;
    case PGRES_FATAL_ERROR: return note_error(flight, result);
    case PGRES_PIPELINE_ABORTED: return true;
    default: return false;
    }
}

/* Why the connection must go is the SQLSTATE of the flight that heard of it. */
static const char *last_words(const struct connection *connection)
{
    if (list_empty(&connection->flights)) return "connection closed";
    const struct flight *flight = CONTAINER_OF(connection->flights.next, struct flight, node);
    return flight->sqlstate[0] ? flight->sqlstate : "connection closed";
}

/* Hands out every result that has arrived; false when the connection must go. */
static bool drain(struct connection *connection)
{
    bool separated =
        false; /* a NULL ends each statement's results; two in a row mean that libpq lost count */
    while (!list_empty(&connection->flights) && !PQisBusy(connection->pg)) {
        PGresult *result = PQgetResult(connection->pg);
        if (!result && separated) return false;
        separated = !result;
        if (!result) continue;
        bool fine = take_result(connection, result);
        PQclear(result);
        if (!fine) return false;
    }
    return PQstatus(connection->pg) == CONNECTION_OK;
}

static void exchange(struct connection *connection)
{
    /* What arrived before the end of the stream is still answered. */
    bool open = PQconsumeInput(connection->pg);
    char why[32] = "send failed";
    bool fine = drain(connection) && open;
    if (!fine) snprintf(why, sizeof(why), "%s", last_words(connection));
    if (fine && connection_usable(connection)) connection->changed(connection);
    if (!fine || connection->broken || !flush(connection)) lose(connection, why);
}

static void setup_ended(struct flight *flight, enum flight_end how)
{
    struct connection *connection = CONTAINER_OF(flight, struct connection, setup);
    if (how != FLIGHT_DONE) {
        log_change(connection, LOG_STORE_FAULT, flight->sqlstate);
        mark_broken(connection);
        return;
    }
    if (connection->reached) metrics_add(METRIC_STORE_RECONNECTS, 0, 0, 1);
    log_change(connection, LOG_STORE_CONNECTED, connection->reached ? "again" : "first");
    connection->state = CONNECTION_READY;
    connection->reached = true;
    connection->failures = 0;
    atomic_store(&connection->server->reachable, true);
}

static void prepare(struct connection *connection)
{
    PGconn *pg = connection->pg;
    connection->state = CONNECTION_PREPARING;
    connection->setup = (struct flight){.end = setup_ended};
    bool fine = PQsetnonblocking(pg, 1) == 0 && PQenterPipelineMode(pg) &&
                PQsendQueryParams(pg, settings, 0, NULL, NULL, NULL, NULL, 1) &&
                statements_prepare(pg, connection->role);
    if (!fine) {
        mark_broken(connection);
        return;
    }
    connection_send(connection, &connection->setup);
}

static void poll_connect(struct connection *connection)
{
    /* libpq may close the socket and open another under the same number. */
    watch_clear(&connection->watch);
    switch (PQconnectPoll(connection->pg)) {
    case PGRES_POLLING_READING: watch_for(connection, EPOLLIN); return;
    case PGRES_POLLING_WRITING: watch_for(connection, EPOLLOUT); return;
    case PGRES_POLLING_OK: prepare(connection); return;
    default: lose(connection, "cannot connect"); return;
    }
}

static void woken(struct watch *watch, uint32_t events)
{
    struct connection *connection = CONTAINER_OF(watch, struct connection, watch);
    (void)events; /* libpq finds out itself what the socket allows */
    if (connection->state == CONNECTION_CONNECTING) {
        poll_connect(connection);
    } else {
        exchange(connection);
    }
}

static void connect_now(struct connection *connection)
{
    if (!atomic_load(&connection->server->migrated)) {
        timer_set(connection->loop, &connection->timer, MIGRATION_POLL_MS);
        return;
    }
    connection->pg = server_connect_start(connection->server->database);
    check(connection->pg);
    connection->state = CONNECTION_CONNECTING;
    timer_set(connection->loop, &connection->timer, CONNECT_MS);
    if (PQstatus(connection->pg) == CONNECTION_BAD) {
        lose(connection, "cannot connect");
        return;
    }
    /* A new connection begins by writing (libpq manual, PQconnectStart). */
    watch_for(connection, EPOLLOUT);
}

/* One timer: the next attempt while away, the patience with the server otherwise. */
static void timed_out(struct timer *timer)
{
    struct connection *connection = CONTAINER_OF(timer, struct connection, timer);
    if (connection->state == CONNECTION_AWAY) {
        connect_now(connection);
    } else {
        lose(connection, "no answer in time");
    }
}

void connection_open(struct connection *connection)
{
    connection->state = CONNECTION_AWAY;
    list_init(&connection->flights);
    watch_init(&connection->watch, connection->loop, woken);
    timer_init(&connection->timer, timed_out);
    defer_init(&connection->breaking, break_now);
    params_init(&connection->params);
    connect_now(connection);
}

void connection_close(struct connection *connection)
{
    disconnect(connection);
    end_flights(connection);
    params_deinit(&connection->params);
}
