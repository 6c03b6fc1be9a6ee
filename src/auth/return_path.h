/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a browser goes after its sign-in.
 */
#pragma once

#include "core/slice.h"

#define RETURN_PATH_MAX 512

/* `wanted` when it is a path of ours, with its query and fragment; else "/". */
struct slice return_path(struct slice wanted);
