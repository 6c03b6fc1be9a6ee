/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ends of sessions: by the person, by the provider, by an administrator.
 */
#pragma once

#include "core/slice.h"
#include "http/route.h"

struct config;
struct rate_limit;

/* POST /auth/logout: comes with or without a session. Answers where the page is to go next. */
struct way_out {
    struct slice redirect;
};
step_fn sign_out;
/* GET /auth/logout: where that one said to go. */
step_fn sign_out_leave;
/* POST /auth/backchannel-logout: comes without credentials; its token is one. */
step_fn backchannel_logout;
/* What its callers are held to, each by the address it comes from; NULL for none. */
struct rate_limit *sign_out_rate(const struct config *config);
/* DELETE /v1/sessions */
step_fn sessions_end;
