/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Africa's Talking calls: delivery reports and opt-outs.
 *
 * They come unsigned, so a secret in the path is all that tells them from anybody's. It never stands in a log: see `secret_behind` of
 * the route table.
 */
#pragma once

#include "core/config.h"
#include "http/route.h"

#define CALLBACKS_NAME "callbacks/"

struct rate_limit;

/* POST /v1/callbacks/africastalking/{secret}/delivery and …/optout. 404 while no secret is set, 401 with another. */
step_fn callback_delivery, callback_optout;

/* AGIZO_SMS_CALLBACK_SECRET is empty, or one or two secrets with a comma between them: each of at least 22 of [A-Za-z0-9_-], 128 bits. */
bool callback_secrets_valid(const char *text);
/* Statuses of reports as values of the metrics' label "report". */
struct slice callback_status_text(unsigned label);
/* What those are held to who come with a wrong secret, each by its address. */
struct rate_limit *callback_rate(void);
