/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers of /v1/orders.
 */
#pragma once

#include "http/route.h"

step_fn order_create, order_get, order_list;
