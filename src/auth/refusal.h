/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a token was refused: for the log, never for the client. Rows stand in auth/refusal.def.
 */
#pragma once

#include "core/slice.h"

enum refusal {
#define REFUSAL(name, word) REFUSAL_##name,
#include "auth/refusal.def"
#undef REFUSAL
    REFUSAL_COUNT
};

/* A fixed word; holds nothing of the token. */
struct slice refusal_word(enum refusal refusal);
