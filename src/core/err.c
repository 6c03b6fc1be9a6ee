/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read access to the error table. Pure; any thread.
 */
#include "core/err.h"

#include "core/check.h"

static const struct err_info table[] = {
#define ERR(name, status, code, title)                                                             \
    [ERR_##name] = {status, {code, sizeof(code) - 1}, {title, sizeof(title) - 1}},
#include "core/err.def"
#undef ERR
};

const struct err_info *err_info(enum err err)
{
    check(err < ERR_COUNT);
    return &table[err];
}
