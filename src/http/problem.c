/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Problem documents (RFC 9457): every refusal and fault of the API is worded here, from the error table and the faults gathered.
 *
 * `type` is a stable URN of the error's code, `instance` the request's identifier as a URN. Runs on the worker's thread; writes
 * into the request's reply. Nothing from below the API (SQL, paths, addresses) can reach a document: details are literals or
 * quote the client's own input.
 */
#include "core/json.h"
#include "http/request.h"
#include "obs/log.h"

/* RFC 9110 §10.2.3: seconds. A full queue and a lost database are expected to pass within this, and a peer's next token has come. */
#define RETRY_AFTER SLICE("1")

static void put_member(struct buf *buf, const char *name, struct slice value)
{
    buf_put_text(buf, name);
    json_put_text(buf, value);
}

static void put_fault(struct buf *buf, const struct fault *fault)
{
    put_member(buf, "{\"pointer\":", fault->pointer);
    put_member(buf, ",\"code\":", fault->code);
    put_member(buf, ",\"detail\":", fault->detail);
    buf_put_char(buf, '}');
}

static void put_problem(
    struct req *rq, const struct err_info *info, struct slice detail, struct buf *out)
{
    buf_put_text(out, "{\"type\":\"urn:agizo:problem:");
    buf_put(out, info->code);
    put_member(out, "\",\"title\":", info->title);
    buf_printf(out, ",\"status\":%d", info->status);
    put_member(out, ",\"detail\":", slice_present(detail) ? detail : info->title);
    buf_printf(out, ",\"instance\":\"urn:uuid:%.*s\"", SLICE_ARG(rq->id));
    put_member(out, ",\"code\":", info->code);
    put_member(out, ",\"request_id\":", rq->id);
    if (rq->fault_count > 0) buf_put_text(out, ",\"errors\":[");
    for (size_t i = 0; i < rq->fault_count; i++) {
        if (i > 0) buf_put_char(out, ',');
        put_fault(out, &rq->faults[i]);
    }
    buf_put_text(out, rq->fault_count > 0 ? "]}\n" : "}\n");
}

void req_fault(struct req *rq, struct slice pointer, struct slice code, struct slice detail)
{
    if (rq->fault_count == REQ_FAULTS_MAX) return;
    if (!rq->faults) rq->faults = arena_alloc(&rq->arena, REQ_FAULTS_MAX * sizeof(struct fault));
    rq->faults[rq->fault_count++] = (struct fault){pointer, code, detail};
}

void req_fail_note(struct req *rq, enum err err)
{
    const struct err_info *info = err_info(err);
    if (info->status == 503 || info->status == 429 || err == ERR_KEY_IN_FLIGHT) {
        req_reply_field(rq, SLICE("Retry-After"), RETRY_AFTER);
    }
    /* 501 and 505 are the client's doing. */
    if (info->status == 500 || info->status == 503) {
        log_write(
            LOG_REQUEST_FAULT, LOG_TEXT("code", info->code), LOG_TEXT("path", rq->shown_path));
    }
}

enum step req_fail_with(struct req *rq, enum err err, struct slice detail)
{
    const struct err_info *info = err_info(err);
    buf_reset(&rq->reply.body);
    put_problem(rq, info, detail, &rq->reply.body);
    req_fail_note(rq, err);
    return req_reply(rq, info->status, SLICE("application/problem+json"));
}

enum step req_fail(struct req *rq, enum err err)
{
    return req_fail_with(rq, err, slice_absent());
}
