/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers of /v1/messages.
 */
#pragma once

#include "http/route.h"

step_fn message_get, message_list;
