/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of numbers that get no SMS: GET, POST and DELETE /v1/suppressions.
 */
#pragma once

#include "core/slice.h"
#include "http/route.h"

/* What a client writes. */
struct suppression_input {
    struct slice phone, sender, reason;
};

step_fn suppression_list, suppression_add, suppression_remove;
