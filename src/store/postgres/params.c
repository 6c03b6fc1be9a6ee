/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodes parameters into one growing buffer; values are known by offset until params_seal(), because the buffer may move.
 *
 * An array is (PostgreSQL, src/backend/utils/adt/arrayfuncs.c, array_recv): dimensions, has-null flag, element type, then per
 * dimension its size and lower bound, then each element as length (-1 for NULL) and bytes; all integers big-endian.
 * Runs on the loop thread of its connection, or on the migration thread. Limits: PARAMS_MAX values, BYTES_MAX bytes; a batch of the
 * largest members the API lets through is a tenth of that, so passing it is a broken invariant.
 */
#include "store/postgres/params.h"

#include <endian.h>

#include "core/check.h"

#define BYTES_MAX ((size_t)64 << 20)
/* Year 10000, in milliseconds. */
#define TIME_END INT64_C(253402300800000)

void params_init(struct params *params)
{
    *params = (struct params){0};
    buf_init(&params->bytes, BYTES_MAX);
    for (int i = 0; i < PARAMS_MAX; i++) params->formats[i] = 1;
}

void params_deinit(struct params *params)
{
    buf_deinit(&params->bytes);
}

void params_reset(struct params *params)
{
    buf_reset(&params->bytes);
    params->count = 0;
    params->in_array = false;
}

static void put_raw(struct params *params, const void *bytes, size_t len)
{
    buf_put(&params->bytes, (struct slice){bytes, len});
}

static void put_u32(struct params *params, uint32_t value)
{
    uint32_t wire = htobe32(value);
    put_raw(params, &wire, sizeof(wire));
}

static void open_value(struct params *params, bool null)
{
    check(params->count < PARAMS_MAX);
    params->offsets[params->count] = params->bytes.len;
    params->null[params->count] = null;
}

static void close_value(struct params *params)
{
    int at = params->count++;
    params->lengths[at] = (int)(params->bytes.len - params->offsets[at]);
}

static void put_value(struct params *params, const void *bytes, size_t len)
{
    if (params->in_array) {
        params->elements++;
        put_u32(params, (uint32_t)len);
        put_raw(params, bytes, len);
        return;
    }
    open_value(params, false);
    put_raw(params, bytes, len);
    close_value(params);
}

void params_null(struct params *params)
{
    if (params->in_array) {
        params->elements++;
        put_u32(params, UINT32_MAX);
        return;
    }
    open_value(params, true);
    close_value(params);
}

void params_bool(struct params *params, bool value)
{
    char wire = value ? 1 : 0;
    put_value(params, &wire, 1);
}

void params_i32(struct params *params, int32_t value)
{
    uint32_t wire = htobe32((uint32_t)value);
    put_value(params, &wire, sizeof(wire));
}

void params_i64(struct params *params, int64_t value)
{
    uint64_t wire = htobe64((uint64_t)value);
    put_value(params, &wire, sizeof(wire));
}

void params_uuid(struct params *params, const struct uuid *value)
{
    put_value(params, value->bytes, sizeof(value->bytes));
}

void params_bytes(struct params *params, struct slice value)
{
    if (slice_present(value)) {
        put_value(params, value.ptr, value.len);
    } else {
        params_null(params);
    }
}

void params_time(struct params *params, int64_t ms)
{
    params_i64(params, ms < TIME_END ? (ms - POSTGRES_EPOCH_MS) * 1000 : INT64_MAX);
}

void params_time_or_null(struct params *params, int64_t ms)
{
    if (ms) {
        params_time(params, ms);
    } else {
        params_null(params);
    }
}

void params_change(struct params *params, const struct history_change *change)
{
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, HISTORY_CHANGE_MAX);
    history_put(&text, change);
    check(buf_ok(&text));
    params_bytes(params, buf_slice(&text));
}

/* Bytes from an array's start to its number of elements. */
#define ARRAY_SIZE_AT 12

void params_array(struct params *params, enum type_oid element)
{
    check(!params->in_array);
    open_value(params, false);
    put_u32(params, 1); /* dimensions */
    put_u32(params, 1); /* may hold NULLs */
    put_u32(params, (uint32_t)element);
    put_u32(params, 0); /* number of elements, known at the end */
    put_u32(params, 1); /* lower bound */
    params->in_array = true;
    params->elements = 0;
}

void params_array_end(struct params *params)
{
    check(params->in_array && buf_ok(&params->bytes));
    uint32_t wire = htobe32(params->elements);
    memcpy(params->bytes.ptr + params->offsets[params->count] + ARRAY_SIZE_AT, &wire, sizeof(wire));
    params->in_array = false;
    close_value(params);
}

void params_seal(struct params *params)
{
    check(!params->in_array && buf_ok(&params->bytes));
    const char *base = params->bytes.ptr ? params->bytes.ptr : "";
    for (int i = 0; i < params->count; i++) {
        params->values[i] = params->null[i] ? NULL : base + params->offsets[i];
    }
}
