/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers of /v1/customers.
 */
#pragma once

#include "http/route.h"

step_fn customer_create, customer_get, customer_list;
