/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From rows of a table of fields to JSON Schema: the kind tells type, format and pattern, the other columns the rest.
 *
 * What is taken is described as strictly as it is judged: no other members. What is answered is not: members may be added one day.
 * Called once, at the start; jansson's trees are the caller's. Out of memory aborts.
 */
#include "api/openapi_schema.h"

#define NAME_MAX_LEN 64
#define AN_ID "01a2043f-7a96-767f-8ad7-539c5866c885"
#define A_TIME "2026-01-31T05:00:00.000Z"

/* What a kind is in JSON. `pattern` of what is taken, and of what is answered. */
static const struct {
    const char *type, *format, *taken, *answered, *example;
} kinds[] = {
    [FIELD_TEXT] = {"string", NULL, "[^ \\t\\r\\n]", NULL, NULL},
    [FIELD_CODE] = {"string", NULL, "^[A-Za-z0-9._-]+$", "^[A-Za-z0-9._-]+$", NULL},
    [FIELD_PHONE] = {"string", NULL, NULL, "^\\+[1-9][0-9]{6,14}$", "+254712345678"},
    [FIELD_LANGUAGE] = {"string", NULL, "^[A-Za-z0-9._]{2,3}(-[A-Za-z0-9._]{2,8})*$", NULL, "sw"},
    [FIELD_DECIMAL] = {"string", NULL, "^[0-9]+(\\.[0-9]+)?$", NULL, NULL},
    [FIELD_BOOL] = {"boolean", NULL, NULL, NULL, "false"},
    [FIELD_INTEGER] = {"integer", NULL, NULL, NULL, "1"},
    [FIELD_SMALL] = {"integer", NULL, NULL, NULL, "1"},
    [FIELD_TIME] = {"string", "date-time", NULL, NULL, A_TIME},
    [FIELD_UUID] = {"string", "uuid", NULL, NULL, AN_ID},
    [FIELD_STATE] = {"string", NULL, NULL, NULL, NULL},
};

static const struct {
    const char *type, *example;
} shapes[] = {
    [SHAPE_TEXT] = {"string", NULL},
    [SHAPE_TEXT_OR_NULL] = {"string", NULL},
    [SHAPE_BOOL] = {"boolean", "false"},
    [SHAPE_INTEGER] = {"integer", "1"},
    [SHAPE_OBJECT] = {"object", NULL},
    [SHAPE_LIST] = {"array", NULL},
};

static bool is_shaped(const struct schema_field *field)
{
    return field->kind == FIELD_JSON || field->kind == FIELD_CUSTOM;
}

static const char *type_of(const struct schema_field *field)
{
    return is_shaped(field) ? shapes[field->shape].type : kinds[field->kind].type;
}

static bool may_be_null(const struct schema_field *field, unsigned way)
{
    if (is_shaped(field)) return field->shape == SHAPE_TEXT_OR_NULL;
    return way == FIELD_WRITE && !(field->flags & FIELD_REQUIRED);
}

static bool is_text(const struct schema_field *field)
{
    return strcmp(type_of(field), "string") == 0;
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text) json_object_set_new(object, name, json_string(text));
}

static void set_number(json_t *object, const char *name, size_t number)
{
    if (number) json_object_set_new(object, name, json_integer((json_int_t)number));
}

/* --- examples --- */

static json_t *example_of(const struct schema_field *field, const char *text)
{
    return is_text(field) ? json_string(text) : json_loads(text, JSON_DECODE_ANY, NULL);
}

json_t *openapi_field_example(const struct schema_field *field)
{
    if (field->example) return example_of(field, field->example);
    if (is_shaped(field) && field->shape == SHAPE_OBJECT) {
        return openapi_example(field->of, FIELD_READ);
    }
    if (is_shaped(field) && field->shape == SHAPE_LIST) {
        return field->of ? json_pack("[o]", openapi_example(field->of, FIELD_READ))
                         : json_pack("[s]", field->words[0]);
    }
    if (field->words) return json_string(field->words[0]);
    const char *usual =
        is_shaped(field) ? shapes[field->shape].example : kinds[field->kind].example;
    return usual ? example_of(field, usual) : NULL;
}

json_t *openapi_example(const struct schema *schema, unsigned way)
{
    json_t *example = json_object();
    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_field *field = &schema->fields[i];
        json_t *value = field->flags & way ? openapi_field_example(field) : NULL;
        if (value) json_object_set_new(example, field->name, value);
    }
    return example;
}

/* --- fields --- */

static void set_type(json_t *out, const struct schema_field *field, unsigned way)
{
    json_t *types = json_pack("[s]", type_of(field));
    if (field->kind == FIELD_DECIMAL && way == FIELD_WRITE) {
        json_array_append_new(types, json_string("number"));
    }
    if (may_be_null(field, way)) json_array_append_new(types, json_string("null"));
    json_object_set(out, "type", json_array_size(types) == 1 ? json_array_get(types, 0) : types);
    json_decref(types);
}

static void set_words(json_t *out, const struct schema_field *field, unsigned way)
{
    if (!field->words) return;
    json_t *words = json_array();
    for (const char *const *word = field->words; *word; word++) {
        json_array_append_new(words, json_string(*word));
    }
    if (may_be_null(field, way)) json_array_append_new(words, json_null());
    json_object_set_new(out, "enum", words);
}

static void set_bounds(json_t *out, const struct schema_field *field, unsigned way)
{
    if (!is_text(field)) {
        set_number(out, "minimum", field->least);
        set_number(out, "maximum", field->most);
        return;
    }
    const char *usual = NULL;
    if (!is_shaped(field) && way == FIELD_WRITE) usual = kinds[field->kind].taken;
    if (!is_shaped(field) && way == FIELD_READ) usual = kinds[field->kind].answered;
    set_number(out, "minLength", field->least);
    set_number(out, "maxLength", field->most);
    set_text(out, "pattern", field->pattern ? field->pattern : usual);
    if (!is_shaped(field)) set_text(out, "format", kinds[field->kind].format);
}

static json_t *list_of(json_t *schemas, const struct schema_field *field)
{
    json_t *items = field->of ? openapi_schema(schemas, field->of, FIELD_READ)
                              : json_pack("{s:s}", "type", "string");
    if (!field->of) set_words(items, field, 0);
    return json_pack("{s:s, s:o}", "type", "array", "items", items);
}

json_t *openapi_field(json_t *schemas, const struct schema_field *field, unsigned way)
{
    if (is_shaped(field) && field->shape == SHAPE_LIST) return list_of(schemas, field);
    if (is_shaped(field) && field->shape == SHAPE_OBJECT) {
        return openapi_schema(schemas, field->of, way);
    }
    json_t *out = json_object(), *example = openapi_field_example(field);
    set_type(out, field, way);
    set_text(out, "description", field->says);
    set_words(out, field, way);
    set_bounds(out, field, way);
    if (example) json_object_set_new(out, "examples", json_pack("[o]", example));
    return out;
}

/* --- objects --- */

static bool always_there(const struct schema_field *field, unsigned way)
{
    if (way == FIELD_WRITE) return field->flags & FIELD_REQUIRED;
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_CODE:
    case FIELD_PHONE:
    case FIELD_LANGUAGE:
    case FIELD_DECIMAL:
    case FIELD_JSON:
    case FIELD_TIME: return field->flags & FIELD_REQUIRED;
    default: return true;
    }
}

static json_t *object_of(json_t *schemas, const struct schema *schema, unsigned way)
{
    json_t *properties = json_object(), *required = json_array();
    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_field *field = &schema->fields[i];
        if (!(field->flags & way)) continue;
        json_object_set_new(properties, field->name, openapi_field(schemas, field, way));
        if (always_there(field, way)) json_array_append_new(required, json_string(field->name));
    }
    json_t *out = json_pack("{s:s, s:o}", "type", "object", "properties", properties);
    if (json_array_size(required) > 0) json_object_set(out, "required", required);
    json_decref(required);
    if (way == FIELD_WRITE) json_object_set_new(out, "additionalProperties", json_false());
    return out;
}

static json_t *reference(const char *name)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", name));
}

/* What is both taken and answered has two schemas. */
static bool is_answered(const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->fields[i].flags & FIELD_READ) return true;
    }
    return false;
}

json_t *openapi_schema(json_t *schemas, const struct schema *schema, unsigned way)
{
    char name[NAME_MAX_LEN];
    bool second = way == FIELD_WRITE && is_answered(schema);
    (void)snprintf(name, sizeof(name), "%s%s", schema->name, second ? "Input" : "");
    if (!json_object_get(schemas, name)) {
        json_object_set_new(schemas, name, object_of(schemas, schema, way));
    }
    return reference(name);
}

json_t *openapi_page(json_t *schemas, const struct schema *row)
{
    char name[NAME_MAX_LEN];
    (void)snprintf(name, sizeof(name), "%sPage", row->name);
    json_t *page = json_pack("{s:s, s:{s:{s:s, s:o}, s:{s:s}, s:{s:s, s:s}}, s:[s, s]}", "type",
        "object", "properties", "data", "type", "array", "items",
        openapi_schema(schemas, row, FIELD_READ), "has_more", "type", "boolean", "next_cursor",
        "type", "string", "description", "Where has_more is true: the `cursor` of the next page",
        "required", "data", "has_more");
    json_object_set_new(schemas, name, page);
    return reference(name);
}

json_t *openapi_list(json_t *schemas, const struct schema *row)
{
    char name[NAME_MAX_LEN];
    (void)snprintf(name, sizeof(name), "%sList", row->name);
    json_t *list =
        json_pack("{s:s, s:{s:{s:s, s:o}}, s:[s]}", "type", "object", "properties", "data", "type",
            "array", "items", openapi_schema(schemas, row, FIELD_READ), "required", "data");
    json_object_set_new(schemas, name, list);
    return reference(name);
}
