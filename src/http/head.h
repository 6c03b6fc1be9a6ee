/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request head: fields out of libmicrohttpd, and the refusals that it leaves to us.
 */
#pragma once

#include "http/request.h"

/* Fills rq->fields. Refuses framing that two servers could read differently, fields that hold control characters, and heads past
 * the limits. An error here ends the connection with the reply. RFC 9112 §5, §6; RFC 9110 §5.5, §7.2, §10.1.1. */
MUST_CHECK enum err head_read(struct req *rq);
/* The declared length of the body; 0 when chunked or none. Only after head_read(). */
uint64_t head_content_length(const struct req *rq);
