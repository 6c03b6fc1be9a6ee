/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of messages: changes as chores, and the read of all of them.
 */
#pragma once

#include "store/postgres/chores.h"

chore_send_fn template_send_put, template_send_remove, templates_send_get;
chore_rows_fn template_take_put, template_take_remove, templates_take_get;
