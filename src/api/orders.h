/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers of /v1/orders.
 */
#pragma once

#include "http/route.h"

step_fn order_create, order_get, order_list;

/* Of the schema `OrderInput`: fills in the defaults, turns the amount into minor units, refuses times ahead. */
void order_input_refine(struct req *rq, void *row);
