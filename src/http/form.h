/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `name=value&…` (application/x-www-form-urlencoded): queries, and the bodies of forms.
 */
#pragma once

#include "core/err.h"
#include "http/request.h"

struct form {
    struct parameter *fields; /* HTTP_PARAMETERS_MAX of them, in the arena */
    size_t count;
};

/* Decodes names and values once. ERR_MALFORMED as percent_decode() refuses; ERR_BAD_PARAMETER for a repeated name;
 * ERR_UNKNOWN_PARAMETER past HTTP_PARAMETERS_MAX of them. Empty pairs are skipped; a name without `=` has an empty value. */
MUST_CHECK enum err form_parse(struct arena *arena, struct slice text, struct form *form);
/* Absent when there is no such field. */
struct slice form_value(const struct form *form, struct slice name);
