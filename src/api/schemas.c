/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of fields: one row per member of each resource, in the order in which they are written.
 *
 * Adding a member here (and to the struct and the stores) makes it decoded, bounded, worded, encoded and documented. Pure data.
 */
#include "api/schemas.h"

#include "api/orders.h"
#include "core/currency.h"
#include "core/json.h"
#include "core/timestamp.h"

#define READ FIELD_READ
#define WRITE FIELD_WRITE
#define REQUIRED FIELD_REQUIRED
#define SCHEMA(label, rows, refiner)                                                               \
    {                                                                                              \
        .name = (label), .fields = (rows), .count = ARRAY_LEN(rows), .refine = (refiner)           \
    }

#define AT(member) offsetof(struct customer, member)
static const struct schema_field customer_fields[] = {
    {"id", FIELD_UUID, READ, AT(id), 0, 0, NULL},
    {"code", FIELD_CODE, READ | WRITE | REQUIRED, AT(code), 1, 64, NULL},
    {"name", FIELD_TEXT, READ | WRITE | REQUIRED, AT(name), 1, 200, NULL},
    {"phone", FIELD_PHONE, READ | WRITE, AT(phone), 0, 0, NULL},
    {"language", FIELD_LANGUAGE, READ | WRITE, AT(language), 2, 35, NULL},
    {"sms_opt_out", FIELD_BOOL, READ | WRITE, AT(sms_opt_out), 0, 0, NULL},
    {"version", FIELD_INTEGER, READ, AT(version), 0, 0, NULL},
    {"created_at", FIELD_TIME, READ, AT(created_at), 0, 0, NULL},
    {"updated_at", FIELD_TIME, READ, AT(updated_at), 0, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct order_input, member)
static const struct schema_field order_input_fields[] = {
    {"customer", FIELD_CODE, WRITE | REQUIRED, AT(customer), 1, 64, NULL},
    {"item", FIELD_TEXT, WRITE | REQUIRED, AT(item), 1, 200, NULL},
    {"amount", FIELD_DECIMAL, WRITE | REQUIRED, AT(amount), 0, 0, NULL},
    {"currency", FIELD_CODE, WRITE, AT(currency), CURRENCY_LEN, CURRENCY_LEN, NULL},
    {"time", FIELD_TIME, WRITE, AT(time), 0, 0, NULL},
    {"external_ref", FIELD_TEXT, WRITE, AT(external_ref), 1, 100, NULL},
};
#undef AT

static void put_amount(struct buf *out, const void *row)
{
    const struct order *order = row;
    int digits = 0;
    check(currency_digits(order->currency, &digits));
    buf_put_char(out, '"');
    buf_put_money(out, order->amount_minor, digits);
    buf_put_char(out, '"');
}

static void put_message(struct buf *out, const void *row)
{
    const struct order *order = row;
    buf_put_text(out, "{\"id\":\"");
    buf_put_uuid(out, order->message_id);
    buf_put_text(out, "\",\"state\":");
    json_put_text(out, message_state_text(order->message_state));
    buf_put_char(out, '}');
}

#define AT(member) offsetof(struct order, member)
static const struct schema_field order_fields[] = {
    {"id", FIELD_UUID, READ, AT(id), 0, 0, NULL},
    {"customer", FIELD_CODE, READ, AT(customer), 1, 64, NULL},
    {"customer_id", FIELD_UUID, READ, AT(customer_id), 0, 0, NULL},
    {"item", FIELD_TEXT, READ, AT(item), 1, 200, NULL},
    {"amount", FIELD_CUSTOM, READ, 0, 0, 0, put_amount},
    {"currency", FIELD_CODE, READ, AT(currency), CURRENCY_LEN, CURRENCY_LEN, NULL},
    {"time", FIELD_TIME, READ, AT(time), 0, 0, NULL},
    {"external_ref", FIELD_TEXT, READ, AT(external_ref), 1, 100, NULL},
    {"version", FIELD_INTEGER, READ, AT(version), 0, 0, NULL},
    {"created_by", FIELD_TEXT, READ, AT(created_by), 1, 255, NULL},
    {"created_at", FIELD_TIME, READ, AT(created_at), 0, 0, NULL},
    {"updated_at", FIELD_TIME, READ, AT(updated_at), 0, 0, NULL},
    {"message", FIELD_CUSTOM, READ, 0, 0, 0, put_message},
};
#undef AT

static void put_encoding(struct buf *out, const void *row)
{
    const struct message *message = row;
    buf_put_text(out, message->encoding == MESSAGE_GSM7 ? "\"gsm-7\"" : "\"ucs-2\"");
}

/* The state a message was made in is not among the stored changes: only `skipped` and `suppressed` are final at birth, and then
 * nothing follows. */
static void put_history(struct buf *out, const void *row)
{
    const struct message *message = row;
    bool changed = message->history.len > 0;
    enum message_state first = changed ? MESSAGE_QUEUED : message->state;
    buf_put_text(out, "[{\"state\":");
    json_put_text(out, message_state_text(first));
    buf_put_text(out, ",\"at\":\"");
    buf_put_timestamp(out, message->created_at);
    buf_put_text(out, "\"}");
    buf_put(out, message->history);
    buf_put_char(out, ']');
}

#define AT(member) offsetof(struct message, member)
static const struct schema_field message_fields[] = {
    {"id", FIELD_UUID, READ, AT(id), 0, 0, NULL},
    {"order_id", FIELD_UUID, READ, AT(order_id), 0, 0, NULL},
    {"customer", FIELD_CODE, READ, AT(customer), 1, 64, NULL},
    {"to", FIELD_PHONE, READ, AT(to), 0, 0, NULL},
    {"body", FIELD_TEXT, READ, AT(body), 0, 0, NULL},
    {"encoding", FIELD_CUSTOM, READ, 0, 0, 0, put_encoding},
    {"parts", FIELD_SMALL, READ, AT(parts), 0, 0, NULL},
    {"state", FIELD_STATE, READ, AT(state), 0, 0, NULL},
    {"attempts", FIELD_SMALL, READ, AT(attempts), 0, 0, NULL},
    {"cost", FIELD_TEXT, READ, AT(cost), 0, 0, NULL},
    {"failure", FIELD_TEXT, READ, AT(failure), 0, 0, NULL},
    {"provider_id", FIELD_TEXT, READ, AT(provider_id), 0, 0, NULL},
    {"provider_status", FIELD_TEXT, READ, AT(provider_status), 0, 0, NULL},
    {"created_at", FIELD_TIME, READ, AT(created_at), 0, 0, NULL},
    {"due_at", FIELD_TIME, READ, AT(due_at), 0, 0, NULL},
    {"expires_at", FIELD_TIME, READ, AT(expires_at), 0, 0, NULL},
    {"sent_at", FIELD_TIME, READ, AT(sent_at), 0, 0, NULL},
    {"delivered_at", FIELD_TIME, READ, AT(delivered_at), 0, 0, NULL},
    {"history", FIELD_CUSTOM, READ, 0, 0, 0, put_history},
};
#undef AT

static void put_action(struct buf *out, const void *row)
{
    const struct audit_entry *entry = row;
    json_put_text(out, audit_action_text(entry->action));
}

#define AT(member) offsetof(struct audit_entry, member)
static const struct schema_field audit_fields[] = {
    {"id", FIELD_UUID, READ, AT(id), 0, 0, NULL},
    {"at", FIELD_TIME, READ, AT(at), 0, 0, NULL},
    {"action", FIELD_CUSTOM, READ, 0, 0, 0, put_action},
    {"record", FIELD_TEXT, READ, AT(record), 0, 0, NULL},
    {"issuer", FIELD_TEXT, READ, AT(actor.issuer), 0, 0, NULL},
    {"subject", FIELD_TEXT, READ, AT(actor.subject), 0, 0, NULL},
    {"client_id", FIELD_TEXT, READ, AT(actor.client_id), 0, 0, NULL},
    {"address", FIELD_TEXT, READ, AT(actor.address), 0, 0, NULL},
    {"request_id", FIELD_TEXT, READ, AT(actor.request), 0, 0, NULL},
};
#undef AT

static const struct schema customers = SCHEMA("Customer", customer_fields, NULL);
static const struct schema order_inputs =
    SCHEMA("OrderInput", order_input_fields, order_input_refine);
static const struct schema orders = SCHEMA("Order", order_fields, NULL);
static const struct schema messages = SCHEMA("Message", message_fields, NULL);
static const struct schema audit = SCHEMA("AuditEntry", audit_fields, NULL);

const struct schema *customer_schema(void)
{
    return &customers;
}

const struct schema *order_input_schema(void)
{
    return &order_inputs;
}

const struct schema *order_schema(void)
{
    return &orders;
}

const struct schema *message_schema(void)
{
    return &messages;
}

const struct schema *audit_schema(void)
{
    return &audit;
}
