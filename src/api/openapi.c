/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document around its answers (api/openapi_answers.h) and schemas (api/openapi_schema.h): one operation for each row of the route
 * table, in its order, and who may ask.
 *
 * It holds what a client may rely on, and nothing of how the service is set up but the issuers' names, which are in every token.
 * Called once, at the start, on the main thread. The tree ends with the call. Out of memory aborts.
 */
#include "api/openapi.h"

#include "api/openapi_answers.h"
#include "api/openapi_schema.h"
#include "api/parameters.h"
#include "auth/auth.h"
#include "core/check.h"

#define NAME_MAX_LEN 64

static const char about[] =
    "Customers and orders, and an SMS for each order.\n\n"
    "What stands under `/v1` changes by additions only: ignore members that you do not know. "
    "`GET` answers `HEAD` too. A method that a path does not have is 405 with `Allow`, one that no "
    "path has is 501, another version of HTTP 505. Every answer has an `X-Request-Id`. A head so "
    "broken that nothing can be told from it is answered with HTML, and the connection ends.";

struct header_row {
    const char *name, *says, *type, *example;
};

static const struct header_row headers[] = {
    {"RequestId", "Also in the service's log", "string", "01a2043f-7a96-767f-8ad7-539c5866c885"},
    {"ETag", "Of this version", "string", "\"1\""},
    {"Location", "Where it is, or where to go", "string",
        "/v1/customers/01a2043f-7a96-767f-8ad7-539c5866c885"},
    {"Link", "rel=\"next\": the next page", "string", "</v1/customers?cursor=…>; rel=\"next\""},
    {"Replayed", "true: the answer of an earlier request with this key", "string", "true"},
    {"RetryAfter", "Seconds", "string", "1"},
    {"WWWAuthenticate", "What is asked for, and what is wrong", "string",
        "Bearer error=\"invalid_token\""},
};

/* Header fields that an operation takes, by its marks. */
static const struct {
    unsigned mark;
    const char *name, *pattern, *example, *says;
} taken_fields[] = {
    {ROUTE_KEYED, "Idempotency-Key", "^\"?[A-Za-z0-9_.:-]{1,255}\"?$", "order-4711",
        "The same request with the same key is carried out once, and answered alike"},
    {ROUTE_FRESH, "If-None-Match", NULL, "\"1\"", "An ETag, several, or *: 304 when it is that"},
    {ROUTE_IF_MATCH, "If-Match", NULL, "\"1\"", "An ETag, or *: 412 when it is another"},
};

static json_t *header_json(const struct header_row *row)
{
    return json_pack("{s:s, s:{s:s}, s:s}", "description", row->says, "schema", "type", row->type,
        "example", row->example);
}

/* --- parameters --- */

static json_t *parameter(json_t *schemas, const char *in, const struct schema_field *field)
{
    json_t *out = json_pack("{s:s, s:s, s:b, s:o}", "name", field->name, "in", in, "required",
        (field->flags & FIELD_REQUIRED) != 0, "schema", openapi_field(schemas, field, 0));
    if (field->says) json_object_set_new(out, "description", json_string(field->says));
    return out;
}

/* What has no row is told as a text; a test asks for the row. */
static json_t *parameter_named(json_t *schemas, enum parameter_place place, struct slice name)
{
    char text[NAME_MAX_LEN];
    const struct schema_field *row = parameter_find(place, name);
    (void)snprintf(text, sizeof(text), "%.*s", SLICE_ARG(name));
    const struct schema_field unknown = {
        .name = text, .kind = FIELD_TEXT, .flags = place == PARAMETER_PATH ? FIELD_REQUIRED : 0};
    return parameter(schemas, place == PARAMETER_PATH ? "path" : "query", row ? row : &unknown);
}

static void put_path_parameters(json_t *out, json_t *schemas, const struct route *route)
{
    for (const char *at = strchr(route->path, '{'); at; at = strchr(at, '{')) {
        struct slice name = {at + 1, strcspn(at + 1, "}")};
        json_array_append_new(out, parameter_named(schemas, PARAMETER_PATH, name));
        at += name.len;
    }
}

static void put_header_parameters(json_t *out, json_t *schemas, const struct route *route)
{
    for (size_t i = 0; i < ARRAY_LEN(taken_fields); i++) {
        const struct schema_field field = {.name = taken_fields[i].name,
            .kind = FIELD_TEXT,
            .example = taken_fields[i].example,
            .pattern = taken_fields[i].pattern,
            .says = taken_fields[i].says};
        if (!(route->marks & taken_fields[i].mark)) continue;
        json_array_append_new(out, parameter(schemas, "header", &field));
    }
}

static json_t *parameters_of(json_t *schemas, const struct route *route)
{
    json_t *out = json_array();
    enum parameter_place query = route->visit ? PARAMETER_VISIT : PARAMETER_QUERY;
    put_path_parameters(out, schemas, route);
    for (const char *const *name = route->parameters; name && *name; name++) {
        json_array_append_new(out, parameter_named(schemas, query, slice_of(*name)));
    }
    put_header_parameters(out, schemas, route);
    return out;
}

/* --- who may ask --- */

static json_t *provider_scheme(const char *issuer)
{
    struct slice base = slice_of(issuer);
    if (base.len > 0 && base.ptr[base.len - 1] == '/') base.len--;
    return json_pack("{s:s, s:o, s:s}", "type", "openIdConnect", "openIdConnectUrl",
        json_sprintf("%.*s/.well-known/openid-configuration", SLICE_ARG(base)), "description",
        "An access token of the provider, made for this service's audience. Its scopes are the "
        "permissions.");
}

static bool takes_proofs(const struct config *config)
{
    return strcmp(config->oidc_dpop, "off") != 0;
}

static json_t *schemes_of(const struct config *config)
{
    json_t *out = json_pack("{s:{s:s, s:s, s:s, s:s}}", "session", "type", "apiKey", "in", "cookie",
        "name", "__Host-agizo", "description",
        "A person's session, begun at /auth/login. All but GET needs the field X-Agizo-Request "
        "too.");
    if (*config->oidc_issuer) {
        json_object_set_new(out, "openid", provider_scheme(config->oidc_issuer));
    }
    if (*config->oidc2_issuer) {
        json_object_set_new(out, "openid2", provider_scheme(config->oidc2_issuer));
    }
    if (takes_proofs(config)) {
        json_object_set_new(out, "dpop",
            json_pack("{s:s, s:s, s:s}", "type", "http", "scheme", "DPoP", "description",
                "An access token that is bound to a key, with its proof in the field DPoP (RFC "
                "9449)."));
    }
    return out;
}

/* Any one of the schemes will do. */
static json_t *security_of(const json_t *schemes, const struct route *route)
{
    if (route->marks & ROUTE_SESSION) return json_pack("[{s:[]}]", "session");
    json_t *out = json_array();
    if (!openapi_guarded(route)) return out;
    struct slice scope = permission_scope((enum permission)route->permission);
    const char *name;
    json_t *scheme;
    json_object_foreach((json_t *)(uintptr_t)schemes, name, scheme)
    {
        json_array_append_new(out, json_pack("{s:[s%]}", name, scope.ptr, scope.len));
    }
    return out;
}

/* --- operations --- */

/* "/v1/orders/{id}" is of orders, "/auth/login" of auth, "/docs" of the service. */
static json_t *tags_of(const struct route *route)
{
    struct slice rest = slice_of(route->path + 1);
    struct slice first = slice_cut(&rest, '/');
    bool versioned = slice_equal(first, SLICE("v1"));
    struct slice tag = versioned ? slice_cut(&rest, '/') : first;
    if (!versioned && !slice_equal(first, SLICE("auth"))) tag = SLICE("service");
    return json_pack("[s%]", tag.ptr, tag.len);
}

static json_t *request_of(json_t *schemas, const struct route *route)
{
    bool form = route->marks & ROUTE_FORM;
    unsigned way = form ? FIELD_READ : FIELD_WRITE;
    return json_pack("{s:b, s:{s:{s:o, s:o}}}", "required", 1, "content",
        form ? "application/x-www-form-urlencoded" : "application/json", "schema",
        openapi_schema(schemas, route->takes(), way), "example",
        openapi_example(route->takes(), way));
}

static const char *last_parameter(const struct route *route)
{
    const char *at = strrchr(route->path, '{');
    return at ? at + 1 : "";
}

/* Two routes may share a step: then the later one's parameter tells them apart. */
static json_t *name_of(json_t *names, const struct route *route)
{
    const char *extra = last_parameter(route);
    json_t *name = json_object_get(names, route->name)
                       ? json_sprintf("%s_%.*s", route->name, (int)strcspn(extra, "}"), extra)
                       : json_string(route->name);
    json_object_set_new(names, json_string_value(name), json_true());
    return name;
}

static json_t *operation(const struct openapi_parts *parts, const struct route *route)
{
    json_t *out = json_object(), *parameters = parameters_of(parts->schemas, route);
    json_object_set_new(out, "tags", tags_of(route));
    if (route->says) json_object_set_new(out, "summary", json_string(route->says));
    if (route->staff) {
        json_object_set_new(out, "description", json_string("Not for customers."));
    }
    if (json_array_size(parameters) > 0) json_object_set(out, "parameters", parameters);
    json_decref(parameters);
    if (route->takes) json_object_set_new(out, "requestBody", request_of(parts->schemas, route));
    json_object_set_new(out, "responses", openapi_answers(parts, route));
    return out;
}

static void put_method(json_t *path, const char *method, json_t *operation)
{
    char name[NAME_MAX_LEN];
    size_t len = strlen(method);
    check(len < sizeof(name));
    for (size_t i = 0; i <= len; i++) {
        name[i] =
            (char)(method[i] >= 'A' && method[i] <= 'Z' ? method[i] + ('a' - 'A') : method[i]);
    }
    json_object_set_new(path, name, operation);
}

static json_t *paths_of(
    const struct openapi_parts *parts, const struct route_table *table, const json_t *schemes)
{
    json_t *paths = json_object(), *names = json_object();
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        json_t *path = json_object_get(paths, route->path), *made = operation(parts, route);
        if (!path) {
            path = json_object();
            json_object_set_new(paths, route->path, path);
        }
        json_object_set_new(made, "operationId", name_of(names, route));
        json_object_set_new(made, "security", security_of(schemes, route));
        put_method(path, route->method, made);
    }
    json_decref(names);
    return paths;
}

/* --- the whole --- */

static json_t *document(const struct route_table *table, const struct config *config)
{
    const struct openapi_parts parts = {
        json_object(), json_object(), json_object(), takes_proofs(config)};
    json_t *schemes = schemes_of(config);
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        json_object_set_new(parts.headers, headers[i].name, header_json(&headers[i]));
    }
    json_t *paths = paths_of(&parts, table, schemes);
    return json_pack(
        "{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:[{s:s}], s:o, s:{s:o, s:o, s:o, s:o}}", "openapi",
        "3.1.0", "info", "title", "Agizo", "version", "1", "description", about, "license", "name",
        "Apache-2.0", "identifier", "Apache-2.0", "servers", "url", "/", "paths", paths,
        "components", "schemas", parts.schemas, "responses", parts.responses, "headers",
        parts.headers, "securitySchemes", schemes);
}

static int append(const char *text, size_t len, void *out)
{
    buf_put(out, (struct slice){text, len});
    return 0;
}

void openapi_put(struct buf *out, const struct route_table *table, const struct config *config)
{
    CLEANUP(json_release)
    json_t *root = document(table, config);
    check(root && json_dump_callback(root, append, out, JSON_COMPACT) == 0);
}
