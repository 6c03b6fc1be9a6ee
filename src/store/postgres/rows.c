/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decodes binary columns. Types and their order are fixed by the statements of sql.def, so a value of another size is a broken
 * invariant, not input.
 *
 * Runs on the loop thread of the connection; results stay the connection's.
 */
#include "store/postgres/rows.h"

#include <endian.h>

#include "core/check.h"
#include "store/postgres/params.h"

/* The column's bytes; NULL for SQL's NULL. */
static const char *take(struct row *row, size_t size)
{
    int column = row->column++;
    if (PQgetisnull(row->result, row->number, column)) return NULL;
    check((size_t)PQgetlength(row->result, row->number, column) == size);
    return PQgetvalue(row->result, row->number, column);
}

bool row_bool(struct row *row)
{
    const char *bytes = take(row, 1);
    return bytes && *bytes;
}

int32_t row_i32(struct row *row)
{
    uint32_t wire;
    const char *bytes = take(row, sizeof(wire));
    if (!bytes) return 0;
    memcpy(&wire, bytes, sizeof(wire));
    return (int32_t)be32toh(wire);
}

int64_t row_i64(struct row *row)
{
    uint64_t wire;
    const char *bytes = take(row, sizeof(wire));
    if (!bytes) return 0;
    memcpy(&wire, bytes, sizeof(wire));
    return (int64_t)be64toh(wire);
}

int64_t row_time(struct row *row)
{
    if (row_null(row)) {
        row->column++;
        return 0;
    }
    return row_i64(row) / 1000 + POSTGRES_EPOCH_MS;
}

struct uuid row_uuid(struct row *row)
{
    struct uuid id = {0};
    const char *bytes = take(row, sizeof(id.bytes));
    if (bytes) memcpy(id.bytes, bytes, sizeof(id.bytes));
    return id;
}

struct digest row_digest(struct row *row)
{
    struct digest digest = {0};
    const char *bytes = take(row, DIGEST_LEN);
    if (bytes) memcpy(digest.bytes, bytes, DIGEST_LEN);
    return digest;
}

struct slice row_text(struct row *row)
{
    int column = row->column++;
    if (PQgetisnull(row->result, row->number, column)) return slice_absent();
    struct slice text = {PQgetvalue(row->result, row->number, column),
        (size_t)PQgetlength(row->result, row->number, column)};
    return arena_copy(row->arena, text);
}

bool row_null(const struct row *row)
{
    return PQgetisnull(row->result, row->number, row->column);
}

/* The next column's text where it stands: gone with the result. */
static struct slice peek(struct row *row)
{
    int column = row->column++;
    return (struct slice){PQgetvalue(row->result, row->number, column),
        (size_t)PQgetlength(row->result, row->number, column)};
}

static enum message_state row_state(struct row *row)
{
    enum message_state state;
    check(message_state_parse(peek(row), &state));
    return state;
}

enum message_event row_event(struct row *row)
{
    enum message_event event;
    check(message_event_parse(peek(row), &event));
    return event;
}

struct slice encoding_text(enum message_encoding encoding)
{
    return encoding == MESSAGE_UCS2 ? SLICE("ucs2") : SLICE("gsm7");
}

static enum message_encoding row_encoding(struct row *row)
{
    return slice_equal(row_text(row), SLICE("ucs2")) ? MESSAGE_UCS2 : MESSAGE_GSM7;
}

void row_customer(struct row *row, struct customer *out)
{
    out->id = row_uuid(row);
    out->code = row_text(row);
    out->name = row_text(row);
    out->phone = row_text(row);
    out->language = row_text(row);
    out->sms_opt_out = row_bool(row);
    out->version = row_i64(row);
    out->created_at = row_time(row);
    out->updated_at = row_time(row);
}

void row_order(struct row *row, struct order *out)
{
    out->id = row_uuid(row);
    out->customer_id = row_uuid(row);
    out->customer = row_text(row);
    out->item = row_text(row);
    out->amount_minor = row_i64(row);
    out->currency = row_text(row);
    out->time = row_time(row);
    out->external_ref = row_text(row);
    out->created_by = row_text(row);
    out->version = row_i64(row);
    out->created_at = row_time(row);
    out->updated_at = row_time(row);
    out->message_id = row_uuid(row);
    out->message_state = row_state(row);
}

void row_message(struct row *row, struct message *out)
{
    out->id = row_uuid(row);
    out->order_id = row_uuid(row);
    out->customer_id = row_uuid(row);
    out->customer = row_text(row);
    out->event = row_event(row);
    out->to = row_text(row);
    out->body = row_text(row);
    out->encoding = row_encoding(row);
    out->parts = row_i32(row);
    out->state = row_state(row);
    out->attempts = row_i32(row);
    out->due_at = row_time(row);
    out->expires_at = row_time(row);
    out->created_at = row_time(row);
    out->sent_at = row_time(row);
    out->delivered_at = row_time(row);
    out->provider_id = row_text(row);
    out->provider_status = row_text(row);
    out->cost = row_text(row);
    out->failure = row_text(row);
    out->history = row_text(row);
}

void row_suppression(struct row *row, struct suppression *out)
{
    out->id = row_uuid(row);
    out->phone = row_text(row);
    out->sender = row_text(row);
    out->source = row_text(row);
    out->reason = row_text(row);
    out->created_by = row_text(row);
    out->created_at = row_time(row);
}
