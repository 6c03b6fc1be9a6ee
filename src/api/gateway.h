/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How sending stands, and the switch that stops it: GET and PUT /v1/gateway.
 */
#pragma once

#include "http/route.h"
#include "sms/sms.h"

/* What a client writes. */
struct gateway_input {
    bool sending;
};

/* Answered is `struct sms_status`: how this copy of the service stands, beside what all copies share (queue, spending, switch). */
step_fn gateway_view, gateway_switch;
