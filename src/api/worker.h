/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: one thread with its loop, its listener of the API and its links to the store and to auth.
 */
#pragma once

#include "api/api.h"

struct worker;

/* Starts the thread; it owns `listen_fd` from now on. */
struct worker *worker_start(const struct api *api, int listen_fd);
/* Stops accepting and lets what is under way finish, for at most `grace_ms`; returns at once. */
void worker_drain(struct worker *worker, int64_t grace_ms);
/* Waits for the drained thread. True when every request was answered in time and all is released. */
MUST_CHECK bool worker_join(struct worker *worker);
