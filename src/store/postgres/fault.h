/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an SQLSTATE means for the operation that met it (PostgreSQL manual, appendix A).
 */
#pragma once

#include "core/err.h"

#define SQLSTATE_SIZE 6

enum fault {
    FAULT_RETRY,       /* lost against another transaction: try again */
    FAULT_UNAVAILABLE, /* the server cannot, whoever asks */
    FAULT_OURS,        /* anything else: nobody foresaw it */
};

enum fault fault_of(const char sqlstate[SQLSTATE_SIZE]);
/* True when the session itself is of no more use, so that reconnecting is the cure. */
bool fault_ends_session(const char *sqlstate);
/* Logs the SQLSTATE, never a value, and says what the operation answers. */
enum err fault_answer(const char *operation, const char sqlstate[SQLSTATE_SIZE]);
