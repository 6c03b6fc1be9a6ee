/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes to the list of suppressions, as chores: what is sent, and what comes back.
 */
#pragma once

#include "store/postgres/chores.h"

chore_send_fn suppression_send_add, suppression_send_remove;
chore_rows_fn suppression_take_add, suppression_take_remove;
