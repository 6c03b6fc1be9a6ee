/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), reduced to what the store keeps.
 */
#pragma once

#include "api/api.h"

/* Reads the header of the request into `key`; `present` is false without one. The key's identity covers issuer, subject, method,
 * path and key; its fingerprint query and body. False when the 400 has been made. */
MUST_CHECK bool req_idempotency_key(struct req *rq, struct store_key *key);
/* Replies with the answer that the key's first request got. */
enum step req_replay(struct req *rq, const struct store_replay *replay);
/* Adds `Location` (the request's path and the id) and `ETag` of a row just created. */
void req_created_fields(struct req *rq, struct uuid id);
