/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of paths and queries as /openapi.json tells of them. Which of them a route has stands in its row of api/routes.c.
 */
#pragma once

#include "api/schema.h"

enum parameter_place {
    PARAMETER_PATH,
    PARAMETER_QUERY,
    PARAMETER_VISIT, /* in the query of a browser on its way */
};

/* The row of a parameter; NULL when it has none. */
const struct schema_field *parameter_find(enum parameter_place place, struct slice name);
