/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operation answers: done, unchanged, or refused.
 *
 * Which errors a route can answer with follows from its row: some may befall any request, some come from the gate, from a body, from
 * an id in the path, from a mark; the rest stand in `fails`. Errors of one status are one response, named after their codes, which
 * all operations that have just these share. Called once, at the start. Out of memory aborts.
 */
#include "api/openapi_answers.h"

#include "api/openapi_schema.h"

#define STATUS_LEN 4
#define RESPONSE_NAME_MAX 512
#define PROBLEM "application/problem+json"
#define ALWAYS (FIELD_READ | FIELD_REQUIRED)
#define AN_ID "01a2043f-7a96-767f-8ad7-539c5866c885"

/* RFC 9457, with ours: code, request_id, errors (http/problem.c). */
static const struct schema_field fault_fields[] = {
    {"pointer", FIELD_TEXT, ALWAYS, .example = "/item", .says = "A JSON Pointer into the body"},
    {"code", FIELD_TEXT, ALWAYS, .example = "blank"},
    {"detail", FIELD_TEXT, ALWAYS, .example = "must not be blank"},
};
static const struct schema faults = {"Fault", fault_fields, ARRAY_LEN(fault_fields), NULL};
static const struct schema_field problem_fields[] = {
    {"type", FIELD_TEXT, ALWAYS, .example = "urn:agizo:problem:invalid"},
    {"title", FIELD_TEXT, ALWAYS,
        .example = "The request is well formed, but a value is not allowed"},
    {"status", FIELD_INTEGER, ALWAYS, .example = "422"},
    {"detail", FIELD_TEXT, ALWAYS, .says = "For people"},
    {"instance", FIELD_TEXT, ALWAYS, .example = "urn:uuid:" AN_ID},
    {"code", FIELD_TEXT, ALWAYS, .example = "invalid"},
    {"request_id", FIELD_UUID, ALWAYS, .example = AN_ID},
    {"errors", FIELD_JSON, FIELD_READ, .shape = SHAPE_LIST, .of = &faults,
        .says = "Every wrong place at once"},
};
static const struct schema problems = {"Problem", problem_fields, ARRAY_LEN(problem_fields), NULL};

/* May befall any request before its route counts, and are no pages. */
static const enum err anywhere[] = {ERR_MALFORMED, ERR_BAD_PARAMETER, ERR_UNKNOWN_PARAMETER,
    ERR_TOO_LARGE, ERR_TARGET_TOO_LONG, ERR_EXPECTATION_FAILED, ERR_HEAD_TOO_LARGE, ERR_OK};
static const enum err by_gate[] = {ERR_AMBIGUOUS_CREDENTIALS, ERR_NO_CREDENTIALS, ERR_INVALID_TOKEN,
    ERR_NO_SESSION, ERR_FORBIDDEN, ERR_NOT_ACCEPTABLE, ERR_INTERNAL, ERR_BUSY, ERR_UNAVAILABLE,
    ERR_OK};
static const enum err by_proof[] = {ERR_INVALID_DPOP_PROOF, ERR_USE_DPOP_NONCE, ERR_OK};
static const enum err by_change[] = {ERR_CROSS_SITE, ERR_OK};
static const enum err by_body[] = {
    ERR_UNSUPPORTED_MEDIA_TYPE, ERR_UNKNOWN_MEMBER, ERR_INVALID, ERR_OK};
static const enum err by_form[] = {ERR_UNSUPPORTED_MEDIA_TYPE, ERR_OK};
static const enum err by_path[] = {ERR_NOT_FOUND, ERR_OK};
static const enum err by_cursor[] = {ERR_BAD_CURSOR, ERR_OK};
static const enum err by_key[] = {
    ERR_BAD_IDEMPOTENCY_KEY, ERR_KEY_IN_FLIGHT, ERR_KEY_REUSED, ERR_OK};
static const enum err by_match[] = {ERR_VERSION_MISMATCH, ERR_OK};

bool openapi_guarded(const struct route *route)
{
    return !route->enter;
}

bool openapi_paged(const struct route *route)
{
    for (const char *const *name = route->parameters; name && *name; name++) {
        if (strcmp(*name, "cursor") == 0) return true;
    }
    return false;
}

/* --- which errors --- */

static void add(bool set[ERR_COUNT], const enum err *errors)
{
    for (; errors && *errors; errors++) set[*errors] = true;
}

static void add_gate(
    bool set[ERR_COUNT], const struct openapi_parts *parts, const struct route *route)
{
    add(set, by_gate);
    if (parts->dpop) add(set, by_proof);
    if (strcmp(route->method, "GET") != 0) add(set, by_change);
    if (strchr(route->path, '{')) add(set, by_path);
    if (route->takes) add(set, by_body);
}

static void find_errors(
    bool set[ERR_COUNT], const struct openapi_parts *parts, const struct route *route)
{
    add(set, anywhere);
    if (openapi_guarded(route)) add_gate(set, parts, route);
    if (route->marks & ROUTE_FORM) add(set, by_form);
    if (openapi_paged(route)) add(set, by_cursor);
    if (route->marks & ROUTE_KEYED) add(set, by_key);
    if (route->marks & ROUTE_IF_MATCH) add(set, by_match);
    add(set, route->fails);
}

/* --- refused --- */

static json_t *reference(const char *kind, const char *name)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/components/%s/%s", kind, name));
}

static json_t *header(const char *name)
{
    return reference("headers", name);
}

static json_t *headers_of(int status, const char *codes)
{
    json_t *headers = json_pack("{s:o}", "X-Request-Id", header("RequestId"));
    bool again = status == 503 || status == 429 || strstr(codes, "in_flight");
    if (status == 401) {
        json_object_set_new(headers, "WWW-Authenticate", header("WWWAuthenticate"));
    }
    if (again) json_object_set_new(headers, "Retry-After", header("RetryAfter"));
    return headers;
}

static json_t *problem_example(const struct err_info *info)
{
    json_t *type = json_sprintf("urn:agizo:problem:%s", info->code.ptr);
    return json_pack("{s:{s:o, s:s, s:i, s:s, s:s, s:s, s:s}}", "value", "type", type, "title",
        info->title.ptr, "status", info->status, "detail", info->title.ptr, "instance",
        "urn:uuid:" AN_ID, "code", info->code.ptr, "request_id", AN_ID);
}

/* The errors of one status. */
struct group {
    const struct route *route;
    int status;
    bool anywhere, page;
    char name[RESPONSE_NAME_MAX];
    json_t *codes, *examples;
    json_t *words; /* one line each */
};

static bool is_anywhere(enum err err)
{
    for (const enum err *one = anywhere; *one; one++) {
        if (*one == err) return true;
    }
    return false;
}

static void group_add(struct group *group, enum err err)
{
    const struct err_info *info = err_info(err);
    size_t len = strlen(group->name);
    bool known = is_anywhere(err);
    (void)snprintf(group->name + len, sizeof(group->name) - len, ".%s", info->code.ptr);
    json_array_append_new(group->codes, json_string(info->code.ptr));
    json_array_append_new(group->words, json_sprintf("`%s`: %s", info->code.ptr, info->title.ptr));
    json_object_set_new(group->examples, info->code.ptr, problem_example(info));
    if (known) group->anywhere = true;
    /* A query that cannot be read is found when it is known already whom the refusal is for. */
    if (group->route->visit && (!known || group->status == 400)) group->page = true;
}

static void group_begin(struct group *group, const struct route *route, int status)
{
    *group = (struct group){.route = route, .status = status};
    (void)snprintf(group->name, sizeof(group->name), "%s%d", route->visit ? "page." : "", status);
    group->codes = json_array();
    group->words = json_array();
    group->examples = json_object();
}

static json_t *description_of(const struct group *group)
{
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, HTTP_BODY_MAX);
    size_t i;
    json_t *line;
    json_array_foreach(group->words, i, line)
    {
        if (i > 0) buf_put_text(&text, "\n\n");
        buf_put(&text, json_text(line));
    }
    return json_stringn(text.ptr, text.len);
}

static json_t *content_of(const struct group *group)
{
    json_t *content = json_object();
    if (group->anywhere || !group->page) {
        json_object_set_new(content, PROBLEM,
            json_pack("{s:{s:s, s:s, s:{s:{s:i}, s:{s:O}}}, s:O}", "schema", "$ref",
                "#/components/schemas/Problem", "type", "object", "properties", "status", "const",
                group->status, "code", "enum", group->codes, "examples", group->examples));
    }
    if (group->page) {
        json_object_set_new(
            content, "text/html", json_pack("{s:{s:s}}", "schema", "type", "string"));
    }
    return content;
}

/* A reference to the group's response. */
static json_t *group_end(const struct openapi_parts *parts, struct group *group)
{
    const char *name = group->name;
    if (!json_object_get(parts->responses, name)) {
        json_object_set_new(parts->responses, name,
            json_pack("{s:o, s:o, s:o}", "description", description_of(group), "headers",
                headers_of(group->status, group->name), "content", content_of(group)));
    }
    json_decref(group->codes);
    json_decref(group->words);
    json_decref(group->examples);
    return reference("responses", name);
}

static void set_status(json_t *responses, int status, json_t *response)
{
    char text[STATUS_LEN];
    (void)snprintf(text, sizeof(text), "%d", status);
    json_object_set_new(responses, text, response);
}

static void put_errors(
    const struct openapi_parts *parts, const struct route *route, json_t *responses)
{
    bool set[ERR_COUNT] = {false};
    find_errors(set, parts, route);
    for (unsigned i = ERR_OK + 1; i < ERR_COUNT; i++) {
        struct group group;
        if (!set[i]) continue;
        group_begin(&group, route, err_info((enum err)i)->status);
        for (unsigned j = i; j < ERR_COUNT; j++) {
            if (!set[j] || err_info((enum err)j)->status != group.status) continue;
            group_add(&group, (enum err)j);
            set[j] = false;
        }
        set_status(responses, group.status, group_end(parts, &group));
    }
}

/* --- done --- */

static json_t *body_schema(const struct openapi_parts *parts, const struct route *route)
{
    const struct schema *row = route->gives();
    if (openapi_paged(route)) return openapi_page(parts->schemas, row);
    if (route->marks & ROUTE_ALL) return openapi_list(parts->schemas, row);
    return openapi_schema(parts->schemas, row, FIELD_READ);
}

static json_t *body_example(const struct route *route)
{
    json_t *row = openapi_example(route->gives(), FIELD_READ);
    if (openapi_paged(route)) return json_pack("{s:[o], s:b}", "data", row, "has_more", 0);
    return route->marks & ROUTE_ALL ? json_pack("{s:[o]}", "data", row) : row;
}

static json_t *done_content(const struct openapi_parts *parts, const struct route *route)
{
    if (route->gives) {
        return json_pack("{s:{s:o, s:o}}", "application/json", "schema", body_schema(parts, route),
            "example", body_example(route));
    }
    return route->media ? json_pack("{s:{}}", route->media) : NULL;
}

static json_t *done_headers(const struct route *route, int status)
{
    bool created = status == 201 && route->marks & ROUTE_KEYED;
    json_t *headers = json_pack("{s:o}", "X-Request-Id", header("RequestId"));
    if (created || status == 303) json_object_set_new(headers, "Location", header("Location"));
    if (created) json_object_set_new(headers, "Idempotency-Replayed", header("Replayed"));
    if (created || route->marks & ROUTE_ETAG) json_object_set_new(headers, "ETag", header("ETag"));
    if (openapi_paged(route)) json_object_set_new(headers, "Link", header("Link"));
    return headers;
}

static const char *done_words(int status)
{
    switch (status) {
    case 201: return "Added; the row as it stands";
    case 204: return "Done";
    case 303: return "The browser is to go on to Location";
    case 304: return "Unchanged since the ETag that was given";
    default: return "Done; as it stands";
    }
}

static json_t *done(const struct openapi_parts *parts, const struct route *route, int status)
{
    json_t *response = json_pack(
        "{s:s, s:o}", "description", done_words(status), "headers", done_headers(route, status));
    bool bare = status == 204 || status == 303 || status == 304;
    json_t *content = bare ? NULL : done_content(parts, route);
    if (content) json_object_set_new(response, "content", content);
    return response;
}

json_t *openapi_answers(const struct openapi_parts *parts, const struct route *route)
{
    json_t *responses = json_object();
    json_decref(openapi_schema(parts->schemas, &problems, FIELD_READ));
    if (!route->status[0]) set_status(responses, 200, done(parts, route, 200));
    for (size_t i = 0; i < ROUTE_STATUSES_MAX && route->status[i]; i++) {
        set_status(responses, route->status[i], done(parts, route, route->status[i]));
    }
    if (route->marks & ROUTE_FRESH) set_status(responses, 304, done(parts, route, 304));
    put_errors(parts, route, responses);
    return responses;
}
