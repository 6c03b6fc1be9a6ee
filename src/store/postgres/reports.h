/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery reports, as chores: what is sent, and what comes back.
 */
#pragma once

#include "store/postgres/chores.h"

chore_send_fn report_send_take;
chore_rows_fn report_take_take;
