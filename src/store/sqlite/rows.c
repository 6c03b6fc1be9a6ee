/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between rows of the database and values of store/row.h.
 *
 * Columns are taken in the order of the macros in sql.h and put in the order of the inserts in sql.def; nothing here tests for
 * failure (see connection.h). Runs on the connection's thread.
 */
#include "store/sqlite/rows.h"

#include "core/check.h"

static const struct slice encodings[] = {
    [MESSAGE_GSM7] = {"gsm7", 4},
    [MESSAGE_UCS2] = {"ucs2", 4},
};

static enum message_encoding parse_encoding(struct slice text)
{
    return slice_equal(text, encodings[MESSAGE_UCS2]) ? MESSAGE_UCS2 : MESSAGE_GSM7;
}

/* The tables' CHECKs name the same states and events: another text means a damaged file. */
enum message_state rows_take_state(struct query *query)
{
    enum message_state state = MESSAGE_QUEUED;
    if (!message_state_parse(query_borrow_text(query), &state)) {
        sqlite_note(query->connection, SQLITE_CORRUPT);
    }
    return state;
}

enum message_event rows_take_event(struct query *query)
{
    enum message_event event = MESSAGE_ORDER_RECEIVED;
    if (!message_event_parse(query_borrow_text(query), &event)) {
        sqlite_note(query->connection, SQLITE_CORRUPT);
    }
    return event;
}

void rows_take_customer(struct query *query, struct arena *arena, struct customer *out)
{
    out->id = query_take_uuid(query);
    out->code = query_take_text(query, arena);
    out->name = query_take_text(query, arena);
    out->phone = query_take_text(query, arena);
    out->language = query_take_text(query, arena);
    out->sms_opt_out = query_take_i64(query) != 0;
    out->version = query_take_i64(query);
    out->created_at = query_take_i64(query);
    out->updated_at = query_take_i64(query);
}

void rows_take_order(struct query *query, struct arena *arena, struct order *out)
{
    out->id = query_take_uuid(query);
    out->customer_id = query_take_uuid(query);
    out->customer = query_take_text(query, arena);
    out->item = query_take_text(query, arena);
    out->amount_minor = query_take_i64(query);
    out->currency = query_take_text(query, arena);
    out->time = query_take_i64(query);
    out->external_ref = query_take_text(query, arena);
    out->created_by = query_take_text(query, arena);
    out->version = query_take_i64(query);
    out->created_at = query_take_i64(query);
    out->updated_at = query_take_i64(query);
    out->message_id = query_take_uuid(query);
    out->message_state = rows_take_state(query);
}

void rows_take_message(struct query *query, struct arena *arena, struct message *out)
{
    out->id = query_take_uuid(query);
    out->order_id = query_take_uuid(query);
    out->customer_id = query_take_uuid(query);
    out->customer = query_take_text(query, arena);
    out->event = rows_take_event(query);
    out->to = query_take_text(query, arena);
    out->body = query_take_text(query, arena);
    out->encoding = parse_encoding(query_borrow_text(query));
    out->parts = (int)query_take_i64(query);
    out->state = rows_take_state(query);
    out->attempts = (int)query_take_i64(query);
    out->due_at = query_take_i64(query);
    out->expires_at = query_take_i64(query);
    out->created_at = query_take_i64(query);
    out->sent_at = query_take_i64(query);
    out->delivered_at = query_take_i64(query);
    out->provider_id = query_take_text(query, arena);
    out->provider_status = query_take_text(query, arena);
    out->cost = query_take_text(query, arena);
    out->failure = query_take_text(query, arena);
    out->history = query_take_text(query, arena);
}

void rows_insert_customer(struct connection *connection, const struct customer *row)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_CUSTOMER_INSERT);
    query_put_uuid(&query, &row->id);
    query_put_text(&query, row->code);
    query_put_text(&query, row->name);
    query_put_text(&query, row->phone);
    query_put_text(&query, row->language);
    query_put_i64(&query, row->sms_opt_out);
    query_put_i64(&query, row->version);
    query_put_i64(&query, row->created_at);
    query_put_i64(&query, row->updated_at);
    query_run(&query);
}

void rows_insert_order(struct connection *connection, const struct order *row)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_ORDER_INSERT);
    query_put_uuid(&query, &row->id);
    query_put_uuid(&query, &row->customer_id);
    query_put_text(&query, row->item);
    query_put_i64(&query, row->amount_minor);
    query_put_text(&query, row->currency);
    query_put_i64(&query, row->time);
    query_put_text(&query, row->external_ref);
    query_put_text(&query, row->created_by);
    query_put_i64(&query, row->version);
    query_put_i64(&query, row->created_at);
    query_put_i64(&query, row->updated_at);
    query_run(&query);
}

void rows_insert_message(struct connection *connection, const struct message *row)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_MESSAGE_INSERT);
    query_put_uuid(&query, &row->id);
    query_put_uuid(&query, &row->order_id);
    query_put_uuid(&query, &row->customer_id);
    query_put_text(&query, message_event_text(row->event));
    query_put_text(&query, row->to);
    query_put_text(&query, row->body);
    query_put_text(&query, encodings[row->encoding]);
    query_put_i64(&query, row->parts);
    query_put_text(&query, message_state_text(row->state));
    query_put_i64(&query, row->attempts);
    query_put_time(&query, row->due_at);
    query_put_time(&query, row->turn_at);
    query_put_time(&query, row->expires_at);
    query_put_i64(&query, row->created_at);
    query_put_text(&query, row->failure);
    query_run(&query);
}

void rows_put_history(struct query *query, struct buf *buf, const struct history_change *change)
{
    buf_init(buf, HISTORY_CHANGE_MAX);
    history_put(buf, change);
    check(buf_ok(buf));
    query_put_text(query, buf_slice(buf));
}
