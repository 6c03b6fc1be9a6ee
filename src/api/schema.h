/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas: tables of fields that decode, bound and encode JSON objects, and word what is wrong with them.
 *
 * A row ties a member's name to a field of a C struct. Decoding names every wrong member at once, by JSON Pointer; members without
 * a row, and rows that cannot be written, are refused. Encoding writes the rows in their order and leaves absent values out. The last
 * columns are read by /openapi.json alone (api/openapi.h), which tells the rest from the first ones.
 */
#pragma once

#include "http/request.h"

enum field_kind {
    FIELD_TEXT,     /* struct slice: least..most characters, not blank */
    FIELD_CODE,     /* struct slice: least..most of [A-Za-z0-9._-] */
    FIELD_PHONE,    /* struct slice: any usual writing, kept as E.164 */
    FIELD_LANGUAGE, /* struct slice: a BCP 47 tag */
    FIELD_DECIMAL,  /* struct slice: text of a decimal; a JSON number is taken as its text */
    FIELD_BOOL,     /* bool */
    FIELD_INTEGER,  /* int64_t */
    FIELD_SMALL,    /* int */
    FIELD_TIME,     /* int64_t milliseconds; 0 is absent */
    FIELD_UUID,     /* struct uuid */
    FIELD_STATE,    /* enum message_state */
    FIELD_JSON,     /* struct slice: JSON as it is written; of `shape` */
    FIELD_CUSTOM,   /* encoded by `put` from the whole struct; of `shape` */
};

enum field_flags {
    FIELD_READ = 1,     /* encoded */
    FIELD_WRITE = 2,    /* decoded */
    FIELD_REQUIRED = 4, /* must stand in the body; where it is only encoded: always does */
};

/* What stands in FIELD_JSON and FIELD_CUSTOM. */
enum field_shape {
    SHAPE_TEXT,
    SHAPE_TEXT_OR_NULL,
    SHAPE_BOOL,
    SHAPE_INTEGER,
    SHAPE_OBJECT, /* of the members in `of` */
    SHAPE_LIST,   /* each has the members in `of`; without it, each is one of `words` */
};

struct schema_field {
    const char *name;
    enum field_kind kind;
    unsigned flags;
    size_t offset;
    size_t least, most;
    void (*put)(struct buf *out, const void *row);
    const char *example; /* as in JSON, but texts without their quotes */
    enum field_shape shape;
    const char *const *words; /* all that it can be, NULL-terminated */
    const char *pattern;      /* a regular expression that it matches */
    const struct schema *of;
    const char *says;
};

struct schema {
    const char *name;
    const struct schema_field *fields;
    size_t count;
    /* Looks at what no field can tell alone, when decoding; adds faults. Members that are missing or wrong are absent. May be NULL. */
    void (*refine)(struct req *rq, void *row);
};

/* Decodes the request's body into `out`, zeroed by the caller: members that are missing or null stay as they are. False when the
 * reply (400 or 422) has been made. */
MUST_CHECK bool req_decode(struct req *rq, const struct schema *schema, void *out);
/* Appends the row as a JSON object. */
void schema_encode(const struct schema *schema, const void *row, struct buf *out);
/* The row as text in the arena. */
struct slice schema_render(const struct schema *schema, const void *row, struct arena *arena);
/* Replies with the row. */
enum step req_reply_row(struct req *rq, int status, const struct schema *schema, const void *row);
