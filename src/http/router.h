/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From method and path to a row of the route table.
 */
#pragma once

#include "http/request.h"

/* Sets rq->route and rq->arguments. ERR_NOT_FOUND when no path fits; ERR_METHOD_NOT_ALLOWED, with the Allow field added to the
 * reply, when only the method does not; ERR_NOT_IMPLEMENTED for a method that no route has (RFC 9110 §15.6.2). */
MUST_CHECK enum err router_match(struct req *rq, const struct route_table *table);
/* The path up to where its secret begins, else all of it. */
struct slice router_shown_path(struct slice path, const struct route_table *table);
