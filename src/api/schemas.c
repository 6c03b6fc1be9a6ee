/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of fields: one row per member of each resource, in the order in which they are written.
 *
 * Adding a member here (and to the struct and the stores) makes it decoded, bounded, worded, encoded and documented. Pure data.
 */
#include "api/schemas.h"

#include "api/gateway.h"
#include "api/message_changes.h"
#include "api/orders.h"
#include "api/suppressions.h"
#include "api/templates.h"
#include "core/currency.h"
#include "core/json.h"
#include "core/timestamp.h"
#include "sms/texts.h"
#include "store/delivery.h"
#include "store/suppression.h"

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

static void put_event(struct buf *out, const void *row)
{
    json_put_text(out, message_event_text(((const struct message *)row)->event));
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
    {"event", FIELD_CUSTOM, READ, 0, 0, 0, put_event},
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

#define AT(member) offsetof(struct resend_input, member)
static const struct schema_field resend_input_fields[] = {
    {"state", FIELD_STATE, WRITE | REQUIRED, AT(state), 0, 0, NULL},
    {"from", FIELD_TIME, WRITE, AT(from), 0, 0, NULL},
    {"to", FIELD_TIME, WRITE, AT(to), 0, 0, NULL},
    {"customer", FIELD_CODE, WRITE, AT(customer), 1, 64, NULL},
    {"limit", FIELD_SMALL, WRITE, AT(limit), 1, STORE_RESEND_MAX, NULL},
    {"dry_run", FIELD_BOOL, WRITE | REQUIRED, AT(dry_run), 0, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct settle_input, member)
static const struct schema_field settle_input_fields[] = {
    {"state", FIELD_STATE, WRITE | REQUIRED, AT(state), 0, 0, NULL},
    {"note", FIELD_TEXT, WRITE, AT(note), 1, 200, NULL},
};
#undef AT

#define AT(member) offsetof(struct suppression_input, member)
static const struct schema_field suppression_input_fields[] = {
    {"phone", FIELD_PHONE, WRITE | REQUIRED, AT(phone), 0, 0, NULL},
    {"sender", FIELD_TEXT, WRITE, AT(sender), 1, 100, NULL},
    {"reason", FIELD_TEXT, WRITE, AT(reason), 1, 200, NULL},
};
#undef AT

#define AT(member) offsetof(struct suppression, member)
static const struct schema_field suppression_fields[] = {
    {"id", FIELD_UUID, READ, AT(id), 0, 0, NULL},
    {"phone", FIELD_PHONE, READ, AT(phone), 0, 0, NULL},
    {"sender", FIELD_TEXT, READ, AT(sender), 0, 0, NULL},
    {"source", FIELD_TEXT, READ, AT(source), 0, 0, NULL},
    {"reason", FIELD_TEXT, READ, AT(reason), 0, 0, NULL},
    {"created_by", FIELD_TEXT, READ, AT(created_by), 0, 0, NULL},
    {"created_at", FIELD_TIME, READ, AT(created_at), 0, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct gateway_input, member)
static const struct schema_field gateway_input_fields[] = {
    {"sending", FIELD_BOOL, WRITE | REQUIRED, AT(sending), 0, 0, NULL},
};
#undef AT

static void put_sending(struct buf *out, const void *row)
{
    buf_put_text(out, ((const struct sms_status *)row)->halted_at ? "false" : "true");
}

static void put_hold(struct buf *out, const void *row)
{
    json_put_text(out, sms_hold_text(((const struct sms_status *)row)->hold));
}

static void put_amount_of(struct buf *out, const struct sms_status *status, int64_t amount)
{
    buf_put_char(out, '"');
    buf_put(out, status->currency);
    if (status->currency.len > 0) buf_put_char(out, ' ');
    buf_put_money(out, amount, SMS_PRICE_DIGITS);
    buf_put_char(out, '"');
}

static void put_spent(struct buf *out, const void *row)
{
    const struct sms_status *status = row;
    put_amount_of(out, status, status->spent);
}

static void put_day_cap(struct buf *out, const void *row)
{
    const struct sms_status *status = row;
    if (status->day_cap == 0) {
        buf_put_text(out, "null");
    } else {
        put_amount_of(out, status, status->day_cap);
    }
}

#define AT(member) offsetof(struct sms_status, member)
static const struct schema_field gateway_fields[] = {
    {"gateway", FIELD_TEXT, READ, AT(gateway), 0, 0, NULL},
    {"sender", FIELD_TEXT, READ, AT(sender), 0, 0, NULL},
    {"sending", FIELD_CUSTOM, READ, 0, 0, 0, put_sending},
    {"hold", FIELD_CUSTOM, READ, 0, 0, 0, put_hold},
    {"why", FIELD_TEXT, READ, AT(why), 0, 0, NULL},
    {"since", FIELD_TIME, READ, AT(since), 0, 0, NULL},
    {"in_flight", FIELD_INTEGER, READ, AT(in_flight), 0, 0, NULL},
    {"rate", FIELD_INTEGER, READ, AT(rate), 0, 0, NULL},
    {"queued", FIELD_INTEGER, READ, AT(depth), 0, 0, NULL},
    {"oldest_due_at", FIELD_TIME, READ, AT(oldest_due), 0, 0, NULL},
    {"spent_today", FIELD_CUSTOM, READ, 0, 0, 0, put_spent},
    {"daily_cap", FIELD_CUSTOM, READ, 0, 0, 0, put_day_cap},
    {"halted_at", FIELD_TIME, READ, AT(halted_at), 0, 0, NULL},
    {"halted_by", FIELD_TEXT, READ, AT(halted_by), 0, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct template_input, member)
static const struct schema_field template_input_fields[] = {
    {"text", FIELD_TEXT, WRITE | REQUIRED, AT(text), 1, TEMPLATE_MAX, NULL},
    {"enabled", FIELD_BOOL, WRITE, AT(enabled), 0, 0, NULL},
};
#undef AT

static void put_template_event(struct buf *out, const void *row)
{
    json_put_text(out, message_event_text(((const struct template *)row)->event));
}

#define AT(member) offsetof(struct template, member)
static const struct schema_field template_fields[] = {
    {"event", FIELD_CUSTOM, READ, 0, 0, 0, put_template_event},
    {"language", FIELD_TEXT, READ, AT(language), 0, 0, NULL},
    {"text", FIELD_TEXT, READ, AT(text), 0, 0, NULL},
    {"enabled", FIELD_BOOL, READ, AT(enabled), 0, 0, NULL},
    {"version", FIELD_INTEGER, READ, AT(version), 0, 0, NULL},
    {"updated_by", FIELD_TEXT, READ, AT(updated_by), 0, 0, NULL},
    {"updated_at", FIELD_TIME, READ, AT(updated_at), 0, 0, NULL},
};
#undef AT

static const struct schema customers = SCHEMA("Customer", customer_fields, NULL);
static const struct schema order_inputs =
    SCHEMA("OrderInput", order_input_fields, order_input_refine);
static const struct schema orders = SCHEMA("Order", order_fields, NULL);
static const struct schema messages = SCHEMA("Message", message_fields, NULL);
static const struct schema audit = SCHEMA("AuditEntry", audit_fields, NULL);
static const struct schema resend_inputs =
    SCHEMA("ResendInput", resend_input_fields, resend_input_refine);
static const struct schema settle_inputs =
    SCHEMA("SettleInput", settle_input_fields, settle_input_refine);
static const struct schema suppression_inputs =
    SCHEMA("SuppressionInput", suppression_input_fields, NULL);
static const struct schema suppressions = SCHEMA("Suppression", suppression_fields, NULL);
static const struct schema gateway_inputs = SCHEMA("GatewayInput", gateway_input_fields, NULL);
static const struct schema template_inputs =
    SCHEMA("TemplateInput", template_input_fields, template_input_refine);
static const struct schema templates = SCHEMA("Template", template_fields, NULL);
static const struct schema gateways = SCHEMA("Gateway", gateway_fields, NULL);

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

const struct schema *resend_input_schema(void)
{
    return &resend_inputs;
}

const struct schema *settle_input_schema(void)
{
    return &settle_inputs;
}

const struct schema *suppression_input_schema(void)
{
    return &suppression_inputs;
}

const struct schema *suppression_schema(void)
{
    return &suppressions;
}

const struct schema *gateway_input_schema(void)
{
    return &gateway_inputs;
}

const struct schema *gateway_schema(void)
{
    return &gateways;
}

const struct schema *template_input_schema(void)
{
    return &template_inputs;
}

const struct schema *template_schema(void)
{
    return &templates;
}
