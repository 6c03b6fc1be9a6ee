/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of the API: for programs at /openapi.json, for people at /docs. Open to everybody: it says what the API is, and
 * nothing of what is in it.
 */
#pragma once

#include "core/config.h"
#include "core/slice.h"
#include "http/route.h"

struct docs;

/* Made once, at the start; read-only afterwards. */
struct docs *docs_new(const struct config *config);
void docs_free(struct docs *docs);

step_fn openapi_view; /* GET /openapi.json */
step_fn docs_view;    /* GET /docs */
step_fn docs_file;    /* GET /docs/{file} */

/* What the page is made of; tools/embed-page writes the list. Empty in a binary that was built without the viewer. */
struct docs_file {
    struct slice name, media_type, etag, bytes;
    bool packed; /* by gzip */
};
const struct docs_file *docs_files(size_t *count);
