/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API: its table of routes.
 */
#pragma once

#include "http/route.h"

const struct route_table *api_routes(void);
/* The value of the metrics' label "route" as text: 0 is "none", then the rows in order. Absent past the end. */
struct slice api_route_label(unsigned value);
