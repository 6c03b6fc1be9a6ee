/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ends of sessions: by the person, by the provider, by an administrator.
 */
#pragma once

#include "http/route.h"

/* POST /auth/logout: comes with or without a session. */
step_fn sign_out;
/* POST /auth/backchannel-logout: comes without credentials; its token is one. */
step_fn backchannel_logout;
/* DELETE /v1/sessions */
step_fn sessions_end;
