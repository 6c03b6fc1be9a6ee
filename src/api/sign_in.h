/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /auth/login and /auth/callback: a browser's way through the OpenID provider to a session.
 */
#pragma once

#include "http/route.h"

/* Both come without credentials and answer with redirects and pages. */
step_fn sign_in_begin, sign_in_finish;
