/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request target: path and query, percent-decoded exactly once (RFC 3986 §2.1, §2.4).
 */
#pragma once

#include "http/request.h"

/* Fills rq->path and rq->parameters from rq->target. ERR_MALFORMED for a form other than
 * origin-form and absolute-form, an authority that is not the Host's, a bad or %00 escape,
 * a character that RFC 3986 does not allow, or bytes that are not UTF-8; ERR_TARGET_TOO_LONG; ERR_BAD_PARAMETER for a repeated
 * name; ERR_UNKNOWN_PARAMETER past HTTP_PARAMETERS_MAX of them. */
MUST_CHECK enum err target_parse(struct req *rq);
