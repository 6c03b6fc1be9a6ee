/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole service: every part, in the order of boot and of the end.
 */
#pragma once

#include "core/config.h"
#include "net/loop.h"

struct service;

/* Opens the listeners and starts every thread; the admin listener runs on `loop`. NULL (logged) when something can never work: a
 * setting, a taken port. A database or provider that is away is waited for in the background. */
struct service *service_start(const struct config *config, struct loop *loop);
/* Ends in order: no new connections, answer what was accepted, settle the messages in flight, close the store. At most
 * `grace_ms`. False when requests were left unanswered. What the store still holds then is left as it is, for the process to end. */
MUST_CHECK bool service_stop(struct service *service, int64_t grace_ms);
