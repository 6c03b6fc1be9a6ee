/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of the API: OpenAPI 3.1, made from the route table and the tables of fields, parameters, errors and permissions.
 */
#pragma once

#include "core/buf.h"
#include "core/config.h"
#include "http/route.h"

/* Appends the document of these routes, as the settings make it. */
void openapi_put(struct buf *out, const struct route_table *table, const struct config *config);
