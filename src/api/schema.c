/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoding of rows by their schema. Decoding stands in api/decode.c.
 *
 * Pure but for the buffer; also called on the store's threads, to render the answer that is kept with an idempotency key.
 */
#include "api/schema.h"

#include "core/json.h"
#include "core/timestamp.h"
#include "store/row.h"

/* Longer than any row can be: the body bound, escaped six-fold. */
#define ROW_MAX (6 * HTTP_BODY_MAX)

/* False when the value is absent and its member is left out. */
static bool present(const struct schema_field *field, const void *at)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_CODE:
    case FIELD_PHONE:
    case FIELD_LANGUAGE:
    case FIELD_JSON:
    case FIELD_DECIMAL: return slice_present(*(const struct slice *)at);
    case FIELD_TIME: return *(const int64_t *)at != 0;
    default: return true;
    }
}

/* `{"name":` or `,"name":` */
static void put_name(struct buf *out, char separator, const char *name)
{
    size_t len = strlen(name);
    char *at = buf_reserve(out, len + 4);
    if (!at) return;
    at[0] = separator;
    at[1] = '"';
    memcpy(at + 2, name, len);
    at[len + 2] = '"';
    at[len + 3] = ':';
    buf_added(out, len + 4);
}

static void put_time(struct buf *out, int64_t ms)
{
    buf_put_char(out, '"');
    buf_put_timestamp(out, ms);
    buf_put_char(out, '"');
}

static void put_uuid(struct buf *out, struct uuid id)
{
    buf_put_char(out, '"');
    buf_put_uuid(out, id);
    buf_put_char(out, '"');
}

static void put_value(struct buf *out, const struct schema_field *field, const void *row)
{
    const void *at = (const char *)row + field->offset;
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_CODE:
    case FIELD_PHONE:
    case FIELD_LANGUAGE:
    case FIELD_DECIMAL: json_put_text(out, *(const struct slice *)at); break;
    case FIELD_BOOL: buf_put_text(out, *(const bool *)at ? "true" : "false"); break;
    case FIELD_INTEGER: buf_put_i64(out, *(const int64_t *)at); break;
    case FIELD_SMALL: buf_put_i64(out, *(const int *)at); break;
    case FIELD_TIME: put_time(out, *(const int64_t *)at); break;
    case FIELD_UUID: put_uuid(out, *(const struct uuid *)at); break;
    case FIELD_STATE:
        json_put_text(out, message_state_text(*(const enum message_state *)at));
        break;
    case FIELD_JSON: buf_put(out, *(const struct slice *)at); break;
    case FIELD_CUSTOM: field->put(out, row); break;
    }
}

void schema_encode(const struct schema *schema, const void *row, struct buf *out)
{
    char separator = '{';
    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_field *field = &schema->fields[i];
        const void *at = (const char *)row + field->offset;
        if (!(field->flags & FIELD_READ) || !present(field, at)) continue;
        put_name(out, separator, field->name);
        put_value(out, field, row);
        separator = ',';
    }
    buf_put_char(out, '}');
}

struct slice schema_render(const struct schema *schema, const void *row, struct arena *arena)
{
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, ROW_MAX);
    schema_encode(schema, row, &text);
    buf_put_char(&text, '\n');
    check(buf_ok(&text));
    return arena_copy(arena, buf_slice(&text));
}

enum step req_reply_row(struct req *rq, int status, const struct schema *schema, const void *row)
{
    schema_encode(schema, row, &rq->reply.body);
    buf_put_char(&rq->reply.body, '\n');
    return req_reply(rq, status, SLICE("application/json"));
}
