/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a page may know of its own session, and where a browser lands.
 */
#pragma once

#include "http/route.h"

/* GET /auth/session */
step_fn session_view;
/* GET / */
step_fn landing_view;
