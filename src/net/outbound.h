/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outbound HTTP on a loop: libcurl's multi interface, one per loop that calls out.
 *
 * Connections are kept alive and reused. No redirects, no proxies from the environment, https only unless the URL's host is a
 * loopback address; a body past its cap ends the call. A POST goes out at most once, whatever happens to its connection. Peers prove
 * themselves by certificates of the system's authorities, or of those in a file of one's own.
 * Everything belongs to the loop's thread.
 */
#pragma once

#include "core/arena.h"
#include "net/op.h"

struct outbound;

/* How far a call got when it failed: decides whether the other side may have acted on it. */
enum outbound_result {
    OUTBOUND_ANSWERED, /* a complete answer; `status` is set */
    OUTBOUND_NOT_SENT, /* provably nothing of the request was written: DNS, refused, TLS, connect timeout, bad URL */
    OUTBOUND_UNKNOWN, /* reset, timeout, truncated or over-long answer once the request could go out */
};

struct outbound_call {
    struct op op; /* completes with ERR_OK whenever `result` is set */
    /* In; borrowed until completion. */
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
    struct slice body;          /* present: POST; absent: GET */
    int64_t connect_timeout_ms, total_timeout_ms;
    size_t body_max;
    struct arena *arena; /* the answer's body goes here */
    /* Out. */
    enum outbound_result result;
    int status;
    struct slice reply;      /* NUL-terminated */
    struct slice media_type; /* Content-Type, absent when none */
    int64_t retry_after_ms;  /* Retry-After in seconds or as a date; -1 when absent */
    char fault[256];         /* libcurl's words when not answered; never shown to clients */
    bool timed_out;          /* not answered, because a timeout was over */
    void *transfer;          /* the implementation's */
};

/* Once, in main, before any other thread starts. */
void outbound_global_init(void);
/* True for a file (PEM) with the certificate of an authority, and nothing in it that cannot be read. */
MUST_CHECK bool outbound_ca_readable(const char *ca_file);
/* `connections_max`: parallel connections to one host; further calls wait for one of them, within their timeout. `ca_file`: authorities
 * that are trusted in place of the system's; borrowed, and read when connections are made. NULL or "" for the system's. */
struct outbound *outbound_new(struct loop *loop, long connections_max, const char *ca_file);
/* From now on nobody waits: calls under way end as if their time were over, and those to come at once. */
void outbound_give_up(struct outbound *outbound);
/* Ends every pending call with OUTBOUND_NOT_SENT or OUTBOUND_UNKNOWN, without calling `done`. */
void outbound_free(struct outbound *outbound);
/* `call` is zeroed but for what goes in, or comes from an earlier call that has completed. */
void outbound_start(struct outbound *outbound, struct outbound_call *call, op_fn *done);
