/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error table: what a fallible operation answers, and how the API words it. Rows stand in core/err.def.
 */
#pragma once

#include "core/slice.h"

enum err {
#define ERR(name, status, code, title) ERR_##name,
#include "core/err.def"
#undef ERR
    ERR_COUNT
};

struct err_info {
    int status;
    struct slice code, title;
};

const struct err_info *err_info(enum err err);
