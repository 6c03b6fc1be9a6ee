/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The admin listener: /livez, /readyz, /metrics. Never reachable through the API's listener.
 */
#pragma once

#include "http/route.h"

/* Its requests carry the `struct api` as their app. */
const struct route_table *admin_routes(void);
