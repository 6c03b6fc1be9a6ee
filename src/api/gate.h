/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate every request of the API passes: who is it, may they, and is the request one that the route takes.
 */
#pragma once

#include "api/api.h"

/* The first step of every routed request; goes on to route->step with rq->identity set and the body read. */
step_fn api_enter;
