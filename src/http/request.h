/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request on its way: what came in, where its flow stands, and the reply that is being made.
 *
 *   HEAD → ENTER → (WAITING ⇄) → BODY → (WAITING ⇄) → REPLY → gone
 *          the steps of `enter`    reading   steps after req_read_body()
 * A reply can be made at any step; a body not yet read is then discarded.
 *
 * Lives on its worker's thread. Everything it refers to lives in its arena, which ends with it; while an operation is pending the
 * arena belongs to whoever carries the operation out.
 */
#pragma once

#include "core/arena.h"
#include "core/buf.h"
#include "http/limits.h"
#include "http/route.h"
#include "net/op.h"

struct gate;
struct session_check;
struct identity;
struct MHD_Connection;
struct http_server;
struct http_connection;

struct field {
    struct slice name, value;
};

struct parameter {
    struct slice name, value; /* percent-decoded */
};

/* One wrong place in a request body: JSON Pointer (RFC 6901), code, words. */
struct fault {
    struct slice pointer, code, detail;
};
#define REQ_FAULTS_MAX 32
#define REPLY_FIELDS_MAX 12

enum req_phase { REQ_HEAD, REQ_ENTER, REQ_WAITING, REQ_BODY, REQ_REPLY };

struct reply {
    int status;
    struct slice media_type;
    struct field fields[REPLY_FIELDS_MAX];
    size_t field_count;
    struct buf body;
};

struct req {
    struct list pool; /* while unused */
    struct arena arena;
    struct http_server *server;
    struct http_connection *connection;
    struct MHD_Connection *mhd;
    void *app; /* the API's part of the worker */

    struct slice id;       /* request id: UUIDv7 text */
    struct slice trace_id; /* the caller's, absent when it sent none */
    struct slice method, target, version;
    struct slice path;       /* decoded once */
    struct slice shown_path; /* the same for the log: not the end that is a secret */
    struct field *fields;
    size_t field_count;
    struct parameter *parameters;
    size_t parameter_count;
    const struct route *route; /* NULL when none matched */
    struct slice arguments[ROUTE_PARAMETERS_MAX];
    struct buf body;
    struct gate *gate;               /* the API's, while it authenticates */
    struct session_check *session;   /* the API's, of a request with a session's cookie */
    const struct identity *identity; /* set by the API once authenticated */
    void *state;                     /* the handler's, in the arena */

    enum req_phase phase;
    bool suspended;     /* in MHD's sense: resumed by the completion of an operation */
    bool body_ended;    /* no body, or all of it is here */
    uint64_t body_seen; /* bytes of it so far */
    step_fn *next;
    struct fault *faults; /* REQ_FAULTS_MAX of them, from the first on */
    size_t fault_count;
    struct reply reply;
    int64_t started_us;
};

/* A header field by name, without case; absent when missing. `count` (may be NULL) says how many there are. */
struct slice req_field(const struct req *rq, struct slice name, size_t *count);
/* A query parameter by name; absent when missing. */
struct slice req_parameter(const struct req *rq, struct slice name);
/* The handler's state: made zeroed on first use. */
void *req_state_sized(struct req *rq, size_t size);
#define req_state(rq, type) ((type *)req_state_sized((rq), sizeof(type)))

/* Goes on with `next` when the body is complete. */
enum step req_read_body(struct req *rq, step_fn *next);
/* Goes on with `next` when the operation completes that was started with req_op_done and owner = rq. */
enum step req_await(struct req *rq, step_fn *next);
op_fn req_op_done;

/* The reply. Each of the three ends a flow: return its value. */
enum step req_reply(struct req *rq, int status, struct slice media_type);
/* RFC 9457 problem document of this error, with the faults gathered so far. `detail` may be absent. */
enum step req_fail(struct req *rq, enum err err);
enum step req_fail_with(struct req *rq, enum err err, struct slice detail);
/* What every answer of an error has besides its body: Retry-After, and a line in the log when the service is at fault. */
void req_fail_note(struct req *rq, enum err err);
/* Adds a fault for the problem document; texts are borrowed until the reply. */
void req_fault(struct req *rq, struct slice pointer, struct slice code, struct slice detail);
/* A field of the reply; the name is a literal, the value is borrowed until the reply is sent. CR, LF and NUL in it are an invariant broken. */
void req_reply_field(struct req *rq, struct slice name, struct slice value);

/* For the server: a request from and back to its pool, and the driver of its steps. */
struct req *req_new(struct http_server *server, struct slice target);
void req_recycle(struct req *rq);
void req_free(struct req *rq);
/* Runs the next step(s); afterwards the request waits for its body or an operation, or has its reply. */
void req_drive(struct req *rq);
