/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row of a route table: what stands behind a method and a path.
 *
 * Schemas and permissions mean something to the API only; HTTP hands the row through.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct req;
struct schema;

/* What a step of a request's flow answers. */
enum step {
    STEP_WAIT, /* an operation is under way; its completion runs the next step */
    STEP_DONE, /* the reply stands in the request */
};
typedef enum step step_fn(struct req *rq);
typedef const struct schema *schema_fn(void);

/* `{name}` segments of a path: at most this many. */
#define ROUTE_PARAMETERS_MAX 2

/* What an operation has beside its other columns. */
enum route_marks {
    ROUTE_KEYED = 1,    /* takes an Idempotency-Key; its 201 has Location and ETag */
    ROUTE_ETAG = 2,     /* its answer has an ETag */
    ROUTE_FRESH = 4,    /* takes If-None-Match, and answers 304 to who has it */
    ROUTE_IF_MATCH = 8, /* takes If-Match */
    ROUTE_ALL = 16,     /* answers `gives` as a list that is not cut into pages */
    ROUTE_FORM = 32,    /* `takes` is a form */
    ROUTE_SESSION = 64, /* without a permission, but for who has a session */
};
#define ROUTE_STATUSES_MAX 2

struct route {
    const char *method; /* "GET" answers HEAD too */
    const char *path;   /* "/v1/orders/{id}" */
    const char *label;  /* "GET /v1/orders/{id}": in metrics */
    step_fn *step;
    const char *name;    /* the step's: what clients made from /openapi.json call it */
    unsigned permission; /* enum permission */
    bool
        visit; /* a "GET" by a person's browser that has an effect: no HEAD, and refusals are pages */
    bool staff;                    /* not for those who may see only what is theirs */
    schema_fn *takes;              /* body, or NULL */
    schema_fn *gives;              /* one row of the reply */
    const char *const *parameters; /* names allowed in the query, NULL-terminated; NULL for none */
    step_fn *enter;                /* runs first, in place of the table's; NULL: the table's */
    /* For /openapi.json (api/openapi.h), as `name`, and most of the marks. */
    const char *says;               /* what it does */
    int status[ROUTE_STATUSES_MAX]; /* when it is done; none: 200 */
    const char *media;              /* of what it gives; NULL: JSON of `gives`, if any */
    unsigned marks;                 /* enum route_marks */
    const enum err
        *fails; /* what it may refuse with and the other columns do not tell; ends in ERR_OK */
};

struct route_table {
    const struct route *routes;
    size_t count;
    /* Runs first for every routed request whose row has no `enter`: authenticates and goes on to route->step. */
    step_fn *enter;
    /* What follows this part of a path is a secret, which no log shows; NULL: none. */
    const char *secret_behind;
};
