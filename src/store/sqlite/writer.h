/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer thread: group commit on the one connection that writes.
 */
#pragma once

#include "store/sqlite/connection.h"
#include "store/store.h"

struct writer;

/* Takes the connection. The hooks are borrowed until writer_stop(). */
struct writer *writer_start(struct connection *connection, const struct store_hooks *hooks);
/* Answers what waits, joins the thread, closes the connection. */
void writer_stop(struct writer *writer);
/* False when too many operations wait. Any thread. */
MUST_CHECK bool writer_push(struct writer *writer, struct store_op *op);
/* The last transaction could be committed. Any thread. */
bool writer_healthy(const struct writer *writer);
