/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader threads: each serves gets and lists with a connection of its own, beside the writer.
 */
#pragma once

#include "store/store.h"

struct readers;

/* NULL (logged) when the file cannot be opened. After the writer's connection was set up. */
struct readers *readers_start(const char *path);
/* Answers what waits, then joins the threads. */
void readers_stop(struct readers *readers);
/* False when too many operations wait. Any thread. */
MUST_CHECK bool readers_push(struct readers *readers, struct store_op *op);
