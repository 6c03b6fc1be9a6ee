/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log in the API: who acts in a request, refusals of administration, GET /v1/audit.
 */
#pragma once

#include "api/api.h"

step_fn audit_list;

/* Who acts in this request: its identity (absent before one is known), the connection's address, the request's id. Texts are borrowed from
 * the request. */
struct audit_actor req_actor(struct req *rq);
/* Hands the actor, and an id for the entry, to a create that is about to be submitted. */
void req_audit(struct req *rq, struct store_op *op);
/* An entry of now, for an operation that is about to be submitted. `record` is borrowed. */
struct audit_entry req_entry(struct req *rq, enum audit_action action, struct slice record);
/* A request was answered with 403: if its route is one of administration, an entry (AUDIT_REFUSED; the record is method and path) is
 * written while the answer goes out. At most AUDIT_REFUSALS_A_MINUTE of this process; the rest are only in the log and the metrics. */
void audit_refusal(struct req *rq);
#define AUDIT_REFUSALS_A_MINUTE 60
