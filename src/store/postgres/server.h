/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PostgreSQL server as this process knows it: its address, whether it is migrated, whether it was last reached.
 *
 * One per process, shared by all links; what changes after the start is atomic.
 */
#pragma once

#include <libpq-fe.h>
#include <stdatomic.h>

#include "store/driver.h"

struct migrator;

struct server {
    struct store base;
    struct store_hooks hooks;
    char *database;
    atomic_bool migrated;  /* set once, after `secret` */
    atomic_bool reachable; /* how the last attempt to connect ended */
    atomic_uint links;     /* made so far; numbers them */
    struct digest secret;
    struct migrator *migrator;
};

/* False for a text that is no connection string. */
bool server_address_valid(const char *database);
/* Starts to connect, to be driven with PQconnectPoll(); NULL when memory is out. */
PGconn *server_connect_start(const char *database);
/* Connects, blocking for a few seconds at most; look at PQstatus(). */
PGconn *server_connect(const char *database);
