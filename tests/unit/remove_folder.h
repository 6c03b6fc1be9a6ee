/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes a test's own folder with all that is in it; links are not followed.
 */
#pragma once

#include <ftw.h>
#include <stdio.h>

#include "core/check.h"

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static void remove_folder(const char *folder)
{
    check(nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0);
}
