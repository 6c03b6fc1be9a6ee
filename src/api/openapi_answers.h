/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every answer of an operation, as /openapi.json tells of it.
 */
#pragma once

#include "core/json.h"
#include "http/route.h"

/* The parts of the document to which operations refer; each is put there when something first refers to it. */
struct openapi_parts {
    json_t *schemas, *responses, *headers;
    bool dpop; /* tokens may be bound to a key */
};

/* The operation's responses, by status; the caller's. */
json_t *openapi_answers(const struct openapi_parts *parts, const struct route *route);
/* True when the gate stands in front of the route, and asks for a permission. */
bool openapi_guarded(const struct route *route);
/* True when its reply is a page of a longer list. */
bool openapi_paged(const struct route *route);
