/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of one statement in PostgreSQL's binary format: plain values and one-dimensional arrays.
 *
 * Values are added in the statement's order. Between params_array() and params_array_end() each added value is one element of the
 * array, so the same functions write `$1` and a member of `unnest($1)`. Memory is kept from statement to statement.
 */
#pragma once

#include "core/buf.h"
#include "core/uuid.h"
#include "store/history.h"

#define PARAMS_MAX 32

/* Type identifiers, fixed in PostgreSQL's pg_type.dat. */
enum type_oid {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_TIMESTAMPTZ = 1184,
    OID_UUID = 2950,
};

/* Milliseconds from 1970 to 2000, PostgreSQL's own epoch. */
#define POSTGRES_EPOCH_MS INT64_C(946684800000)

struct params {
    struct buf bytes;
    int count;
    size_t offsets[PARAMS_MAX];
    /* What libpq is given; `values` only after params_seal(). */
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX], formats[PARAMS_MAX];
    bool null[PARAMS_MAX];
    bool in_array;
    uint32_t elements;
};

void params_init(struct params *params);
void params_deinit(struct params *params);
void params_reset(struct params *params);

void params_null(struct params *params);
void params_bool(struct params *params, bool value);
void params_i32(struct params *params, int32_t value);
void params_i64(struct params *params, int64_t value);
void params_uuid(struct params *params, const struct uuid *value);
/* Text or bytea; absent is NULL. */
void params_bytes(struct params *params, struct slice value);
/* Milliseconds since 1970; past the year 9999 it is 'infinity'. */
void params_time(struct params *params, int64_t ms);
/* 0 is NULL. */
void params_time_or_null(struct params *params, int64_t ms);
/* Text: what a message's history says of the change. */
void params_change(struct params *params, const struct history_change *change);

void params_array(struct params *params, enum type_oid element);
void params_array_end(struct params *params);

/* After the last value: makes `values` valid until the next params_reset(). */
void params_seal(struct params *params);
