/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One libpq connection in pipeline mode on a loop: sends flights, hands their results back in order, reconnects by itself.
 */
#pragma once

#include "net/loop.h"
#include "store/postgres/fault.h"
#include "store/postgres/params.h"
#include "store/postgres/server.h"
#include "store/postgres/statement.h"

struct connection;
struct flight;

enum flight_end {
    FLIGHT_DONE,   /* committed */
    FLIGHT_FAILED, /* rolled back; `sqlstate` says why */
    FLIGHT_LOST,   /* the connection broke: it may have committed */
};

/* The rows of one statement that succeeded, in order of sending. */
typedef void flight_rows_fn(struct flight *flight, const PGresult *rows);
/* Once. The connection may be used from here. */
typedef void flight_end_fn(struct flight *flight, enum flight_end how);

/* Statements between two syncs: one transaction. Embedded in its owner, who keeps it until `end`. */
struct flight {
    struct list node;
    flight_rows_fn *result; /* may be NULL */
    flight_end_fn *end;
    char sqlstate[SQLSTATE_SIZE];
};

/* Called when it became ready, when flights have ended, and when it broke: there may be something to send, or nobody to send to. */
typedef void connection_fn(struct connection *connection);

enum connection_state {
    CONNECTION_AWAY,
    CONNECTION_CONNECTING,
    CONNECTION_PREPARING,
    CONNECTION_READY
};

struct connection {
    struct loop *loop;
    struct server *server;
    enum connection_role role;
    connection_fn *changed;
    void *context; /* the owner's */
    /* Private from here. */
    enum connection_state state;
    PGconn *pg;
    bool broken;       /* libpq refused something; ends at the end of this turn */
    bool reached;      /* was ready at least once */
    unsigned failures; /* attempts since it was last ready */
    struct watch watch;
    uint32_t events; /* that it waits for */
    struct timer timer;
    struct defer breaking;
    struct list flights; /* sent, in order */
    struct flight setup;
    struct params params;
};

/* Starts connecting as soon as the server is migrated. Fields above "private" are set by the caller. */
void connection_open(struct connection *connection);
void connection_close(struct connection *connection);

static inline bool connection_usable(const struct connection *connection)
{
    return connection->state == CONNECTION_READY && !connection->broken;
}

/* Where the parameters of the next statement gather: empty after each connection_execute(). */
static inline struct params *connection_params(struct connection *connection)
{
    return &connection->params;
}

/* Adds a statement to the flight that is being built. Only when usable; what fails here comes back as FLIGHT_LOST. */
void connection_execute(struct connection *connection, const char *statement);
/* Ends the flight that is being built and sends it. */
void connection_send(struct connection *connection, struct flight *flight);
