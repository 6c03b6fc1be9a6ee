/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas of api/schema.h as JSON Schema 2020-12, and examples of what they describe.
 *
 * `way` is FIELD_READ for what is answered, FIELD_WRITE for what is taken, 0 for a parameter. Results are the caller's.
 */
#pragma once

#include "api/schema.h"
#include "core/json.h"

/* A reference to the schema in `schemas` (components/schemas), where it is put if it is not there yet. */
json_t *openapi_schema(json_t *schemas, const struct schema *schema, unsigned way);
/* The same for a page of rows, and for a list that has no pages. */
json_t *openapi_page(json_t *schemas, const struct schema *row);
json_t *openapi_list(json_t *schemas, const struct schema *row);
json_t *openapi_field(json_t *schemas, const struct schema_field *field, unsigned way);

json_t *openapi_example(const struct schema *schema, unsigned way);
/* NULL when the field has none. */
json_t *openapi_field_example(const struct schema_field *field);
