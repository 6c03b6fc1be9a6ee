/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding of request bodies by their schema, and the words for everything that can be wrong with a member.
 *
 * All wrong members are named at once. A body that is no JSON, or has a member without a row, is 400; a value that is not allowed
 * is 422. Worker's thread; decoded texts are copied into the request's arena, because the JSON tree ends with the decoding.
 */
#include "api/api.h"
#include "api/schema.h"
#include "core/json.h"
#include "core/timestamp.h"
#include "core/uuid.h"
#include "sms/number.h"
#include "store/row.h"

#define DEPTH_MAX 64

struct decoding {
    struct req *rq;
    const struct schema_field *field;
    const json_t *value;
    void *at; /* where the value goes */
};

static bool wrong(const struct decoding *d, struct slice code, struct slice detail)
{
    struct slice pointer = arena_format(&d->rq->arena, "/%s", d->field->name);
    req_fault(d->rq, pointer, code, detail);
    return false;
}

static bool wrong_type(const struct decoding *d, const char *wanted)
{
    return wrong(d, SLICE("type"), arena_format(&d->rq->arena, "must be %s", wanted));
}

static bool blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!strchr(" \t\r\n", text.ptr[i])) return false;
    }
    return true;
}

static bool check_text(const struct decoding *d)
{
    if (!json_is_string(d->value)) return wrong_type(d, "a string");
    struct slice text = json_text(d->value);
    size_t length = utf8_length(text);
    if (length < d->field->least || length > d->field->most) {
        return wrong(d, SLICE("length"),
            arena_format(
                &d->rq->arena, "must have %zu to %zu characters", d->field->least, d->field->most));
    }
    return !blank(text) || wrong(d, SLICE("blank"), SLICE("must not be blank"));
}

/* Only a good value is kept, so that nobody judges a bad one again. */
static bool keep_text(const struct decoding *d)
{
    *(struct slice *)d->at = arena_copy(&d->rq->arena, json_text(d->value));
    return true;
}

static bool take_text(const struct decoding *d)
{
    return check_text(d) && keep_text(d);
}

static bool code_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static bool take_code(const struct decoding *d)
{
    if (!check_text(d)) return false;
    struct slice code = json_text(d->value);
    for (size_t i = 0; i < code.len; i++) {
        if (code_char(code.ptr[i])) continue;
        return wrong(
            d, SLICE("format"), SLICE("must consist of letters A-Z, digits, '.', '_' and '-'"));
    }
    return keep_text(d);
}

static bool take_phone(const struct decoding *d)
{
    char number[NUMBER_MAX];
    const char *fault;
    if (!json_is_string(d->value)) return wrong_type(d, "a string");
    if (!number_parse(json_text(d->value), req_worker(d->rq)->api->numbers, number, &fault)) {
        return wrong(d, SLICE("phone"), slice_of(fault));
    }
    *(struct slice *)d->at = arena_copy(&d->rq->arena, slice_of(number));
    return true;
}

/* RFC 5646 §2.1, the shape only: a language of two or three letters, then subtags of two to eight letters or digits. */
static bool language_shape(struct slice tag)
{
    struct slice part = slice_cut(&tag, '-');
    if (part.len < 2 || part.len > 3) return false;
    while (slice_present(tag)) {
        part = slice_cut(&tag, '-');
        if (part.len < 2 || part.len > 8) return false;
    }
    return true;
}

static bool take_language(const struct decoding *d)
{
    if (!take_code(d)) return false;
    if (language_shape(*(const struct slice *)d->at)) return true;
    return wrong(d, SLICE("format"), SLICE("must be a language tag such as \"en\" or \"sw\""));
}

/* json_decode_exact() has made sure that 15 significant digits print a number as it was written; only an exponent would be lost. */
static bool take_decimal(const struct decoding *d)
{
    struct slice *out = d->at;
    if (json_is_string(d->value)) {
        *out = arena_copy(&d->rq->arena, json_text(d->value));
    } else if (json_is_integer(d->value)) {
        *out = arena_format(&d->rq->arena, "%lld", (long long)json_integer_value(d->value));
    } else if (json_is_real(d->value) && !json_has_exponent(buf_slice(&d->rq->body))) {
        *out = arena_format(&d->rq->arena, "%.15g", json_real_value(d->value));
    } else {
        return wrong_type(d, "a decimal, as a string such as \"1250.00\" or as a plain number");
    }
    return true;
}

static bool take_bool(const struct decoding *d)
{
    if (!json_is_boolean(d->value)) return wrong_type(d, "true or false");
    *(bool *)d->at = json_is_true(d->value);
    return true;
}

static bool take_time(const struct decoding *d)
{
    if (!json_is_string(d->value)) return wrong_type(d, "a string");
    if (timestamp_parse(json_text(d->value), d->at) && *(const int64_t *)d->at > 0) return true;
    return wrong(
        d, SLICE("time"), SLICE("must be an RFC 3339 time such as \"2026-01-31T08:00:00+03:00\""));
}

static bool take_small(const struct decoding *d)
{
    json_int_t value = json_is_integer(d->value) ? json_integer_value(d->value) : -1;
    if (value < (json_int_t)d->field->least || value > (json_int_t)d->field->most) {
        return wrong(d, SLICE("range"),
            arena_format(&d->rq->arena, "must be a whole number from %zu to %zu", d->field->least,
                d->field->most));
    }
    *(int *)d->at = (int)value;
    return true;
}

static bool take_state(const struct decoding *d)
{
    if (!json_is_string(d->value)) return wrong_type(d, "a string");
    if (message_state_parse(json_text(d->value), d->at)) return true;
    return wrong(d, SLICE("state"), SLICE("is no state of a message"));
}

typedef bool take_fn(const struct decoding *d);

/* Kinds without an entry cannot be written by clients. */
static take_fn *const takers[] = {
    [FIELD_TEXT] = take_text,
    [FIELD_CODE] = take_code,
    [FIELD_PHONE] = take_phone,
    [FIELD_LANGUAGE] = take_language,
    [FIELD_DECIMAL] = take_decimal,
    [FIELD_BOOL] = take_bool,
    [FIELD_SMALL] = take_small,
    [FIELD_TIME] = take_time,
    [FIELD_STATE] = take_state,
};

static void take_fields(struct req *rq, const struct schema *schema, const json_t *body, void *out)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_field *field = &schema->fields[i];
        if (!(field->flags & FIELD_WRITE)) continue;
        struct decoding d = {
            rq, field, json_object_get(body, field->name), (char *)out + field->offset};
        if (d.value && !json_is_null(d.value)) {
            takers[field->kind](&d);
        } else if (field->flags & FIELD_REQUIRED) {
            wrong(&d, SLICE("required"), SLICE("must be present"));
        }
    }
}

static bool writable(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++) {
        bool write = schema->fields[i].flags & FIELD_WRITE;
        if (write && strcmp(schema->fields[i].name, name) == 0) return true;
    }
    return false;
}

/* RFC 6901 §3: ~ and / are escaped in a pointer. */
static struct slice pointer_of(struct arena *arena, const char *name)
{
    struct buf pointer CLEANUP(buf_deinit);
    buf_init(&pointer, 2 * HTTP_BODY_MAX + 1);
    buf_put_char(&pointer, '/');
    for (; *name; name++) {
        if (*name == '~') {
            buf_put_text(&pointer, "~0");
        } else if (*name == '/') {
            buf_put_text(&pointer, "~1");
        } else {
            buf_put_char(&pointer, *name);
        }
    }
    return arena_copy(arena, buf_slice(&pointer));
}

/* The faults name at most this much of an unknown member. */
#define NAME_SHOWN 100

/* True when the reply has been made because the body has members that nobody can write. */
static bool refuse_unknown(struct req *rq, const struct schema *schema, json_t *body)
{
    const char *name;
    json_t *value;
    bool unknown = false;
    json_object_foreach(body, name, value)
    {
        if (writable(schema, name)) continue;
        unknown = true;
        if (rq->fault_count == REQ_FAULTS_MAX || strlen(name) > NAME_SHOWN) continue;
        req_fault(rq, pointer_of(&rq->arena, name), SLICE("unknown"),
            SLICE("there is no such member to write"));
    }
    return unknown && req_fail(rq, ERR_UNKNOWN_MEMBER) == STEP_DONE;
}

bool req_decode(struct req *rq, const struct schema *schema, void *out)
{
    const char *fault;
    CLEANUP(json_release)
    json_t *body = json_decode_exact(buf_slice(&rq->body), DEPTH_MAX, &fault);
    if (!body) return req_fail_with(rq, ERR_MALFORMED, slice_of(fault)) != STEP_DONE;
    if (!json_is_object(body)) {
        req_fault(rq, SLICE(""), SLICE("type"), SLICE("must be an object"));
        return req_fail(rq, ERR_INVALID) != STEP_DONE;
    }
    if (refuse_unknown(rq, schema, body)) return false;
    take_fields(rq, schema, body, out);
    if (schema->refine) schema->refine(rq, out);
    return rq->fault_count == 0 || req_fail(rq, ERR_INVALID) != STEP_DONE;
}
