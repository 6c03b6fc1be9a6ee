/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of fields: one row per member of each resource, in the order in which they are written.
 *
 * Adding a member here (and to the struct and the stores) makes it decoded, bounded, worded, encoded and documented. Pure data.
 * A text without an example has none worth showing; a test asks for the others.
 */
#include "api/schemas.h"

#include "api/gateway.h"
#include "api/message_changes.h"
#include "api/orders.h"
#include "api/session_view.h"
#include "api/sign_out.h"
#include "api/suppressions.h"
#include "api/templates.h"
#include "auth/auth.h"
#include "core/currency.h"
#include "core/json.h"
#include "core/timestamp.h"
#include "sms/texts.h"
#include "store/delivery.h"
#include "store/session.h"
#include "store/suppression.h"

/* Most rows need nothing beyond their first seven columns. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define READ FIELD_READ
#define WRITE FIELD_WRITE
#define REQUIRED FIELD_REQUIRED
#define ALWAYS FIELD_REQUIRED
#define SCHEMA(label, rows, refiner)                                                               \
    {                                                                                              \
        .name = (label), .fields = (rows), .count = ARRAY_LEN(rows), .refine = (refiner)           \
    }

static const char *const state_words[] = {
#define MESSAGE_STATE(name, text) text,
#include "store/states.def"
#undef MESSAGE_STATE
    NULL};
static const char *const event_words[] = {
#define MESSAGE_EVENT(name, text) text,
#include "store/events.def"
#undef MESSAGE_EVENT
    NULL};
static const char *const action_words[] = {
#define AUDIT_ACTION(name, text) text,
#include "store/audit.def"
#undef AUDIT_ACTION
    NULL};
static const char *const scope_words[] = {
#define PERMISSION(name, scope) scope,
#include "auth/permission.def"
#undef PERMISSION
    NULL};
static const char *const resent_words[] = {"failed", "expired", "dead", NULL};
static const char *const settled_words[] = {"delivered", "failed", NULL};
static const char *const encoding_words[] = {"gsm-7", "ucs-2", NULL};
static const char *const source_words[] = {"optout", "gateway", "manual", NULL};
static const char *const hold_words[] = {
    "flows", "paused", "stopped", "trial", "halted", "day_spent", NULL};
static const char *const sample_words[] = {"short", "long", NULL};

/* Money as the API writes it, and prices of the gateway, which name their currency where it is known. */
#define DECIMAL "^[0-9]+(\\.[0-9]+)?$"
#define PRICE "^([A-Z]{3} )?[0-9]+\\.[0-9]{4}$"

#define AT(member) offsetof(struct customer, member)
static const struct schema_field customer_fields[] = {
    {"id", FIELD_UUID, READ, AT(id), 0, 0, NULL},
    {"code", FIELD_CODE, READ | WRITE | REQUIRED, AT(code), 1, 64, NULL, "C1001",
        .says = "The customer's own name for the row; unique without regard to case"},
    {"name", FIELD_TEXT, READ | WRITE | REQUIRED, AT(name), 1, 200, NULL, "Asha Mwangi"},
    {"phone", FIELD_PHONE, READ | WRITE, AT(phone), 0, 0, NULL, "+254712345678",
        .says = "Any usual writing; answered as E.164"},
    {"language", FIELD_LANGUAGE, READ | WRITE, AT(language), 2, 35, NULL, "sw"},
    {"sms_opt_out", FIELD_BOOL, READ | WRITE, AT(sms_opt_out), 0, 0, NULL},
    {"version", FIELD_INTEGER, READ, AT(version), 0, 0, NULL},
    {"created_at", FIELD_TIME, READ, AT(created_at), 0, 0, NULL},
    {"updated_at", FIELD_TIME, READ, AT(updated_at), 0, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct order_input, member)
static const struct schema_field order_input_fields[] = {
    {"customer", FIELD_CODE, WRITE | REQUIRED, AT(customer), 1, 64, NULL, "C1001"},
    {"item", FIELD_TEXT, WRITE | REQUIRED, AT(item), 1, 200, NULL, "Maize flour 2 kg"},
    {"amount", FIELD_DECIMAL, WRITE | REQUIRED, AT(amount), 0, 0, NULL, "1250.00",
        .says = "With at most the decimals of its currency"},
    {"currency", FIELD_CODE, WRITE, AT(currency), CURRENCY_LEN, CURRENCY_LEN, NULL, "KES",
        .says = "ISO 4217; KES when absent"},
    {"time", FIELD_TIME, WRITE, AT(time), 0, 0, NULL, .says = "Now when absent"},
    {"external_ref", FIELD_TEXT, WRITE, AT(external_ref), 1, 100, NULL, "shop-4711",
        .says = "The caller's own number for the order; unique"},
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

#define AT(member) offsetof(struct order, member)
static const struct schema_field order_message_fields[] = {
    {"id", FIELD_UUID, READ, AT(message_id), 0, 0, NULL},
    {"state", FIELD_STATE, READ, AT(message_state), 0, 0, NULL, .words = state_words},
};
#undef AT
static const struct schema order_messages = SCHEMA("OrderMessage", order_message_fields, NULL);

static void put_message(struct buf *out, const void *row)
{
    schema_encode(&order_messages, row, out);
}

#define AT(member) offsetof(struct order, member)
static const struct schema_field order_fields[] = {
    {"id", FIELD_UUID, READ, AT(id), 0, 0, NULL},
    {"customer", FIELD_CODE, READ | ALWAYS, AT(customer), 1, 64, NULL, "C1001"},
    {"customer_id", FIELD_UUID, READ, AT(customer_id), 0, 0, NULL},
    {"item", FIELD_TEXT, READ | ALWAYS, AT(item), 1, 200, NULL, "Maize flour 2 kg"},
    {"amount", FIELD_CUSTOM, READ, 0, 0, 0, put_amount, "1250.00", .pattern = DECIMAL},
    {"currency", FIELD_CODE, READ | ALWAYS, AT(currency), CURRENCY_LEN, CURRENCY_LEN, NULL, "KES"},
    {"time", FIELD_TIME, READ | ALWAYS, AT(time), 0, 0, NULL},
    {"external_ref", FIELD_TEXT, READ, AT(external_ref), 1, 100, NULL, "shop-4711"},
    {"version", FIELD_INTEGER, READ, AT(version), 0, 0, NULL},
    {"created_by", FIELD_TEXT, READ | ALWAYS, AT(created_by), 1, 0, NULL, "user-clerk"},
    {"created_at", FIELD_TIME, READ, AT(created_at), 0, 0, NULL},
    {"updated_at", FIELD_TIME, READ, AT(updated_at), 0, 0, NULL},
    {"message", FIELD_CUSTOM, READ, 0, 0, 0, put_message, .shape = SHAPE_OBJECT,
        .of = &order_messages},
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

/* As store/history.c writes them. */
static const struct schema_field change_fields[] = {
    {"state", FIELD_STATE, READ, 0, 0, 0, NULL, .words = state_words},
    {"at", FIELD_TIME, READ | ALWAYS, 0, 0, 0, NULL},
    {"attempt", FIELD_JSON, READ, 0, 0, 0, NULL, .shape = SHAPE_INTEGER},
    {"failure", FIELD_TEXT, READ, 0, 0, 0, NULL, "InvalidPhoneNumber"},
};
static const struct schema changes = SCHEMA("MessageChange", change_fields, NULL);

#define AT(member) offsetof(struct message, member)
static const struct schema_field message_fields[] = {
    {"id", FIELD_UUID, READ, AT(id), 0, 0, NULL},
    {"order_id", FIELD_UUID, READ, AT(order_id), 0, 0, NULL},
    {"customer", FIELD_CODE, READ | ALWAYS, AT(customer), 1, 64, NULL, "C1001"},
    {"event", FIELD_CUSTOM, READ, 0, 0, 0, put_event, .words = event_words},
    {"to", FIELD_PHONE, READ, AT(to), 0, 0, NULL},
    {"body", FIELD_TEXT, READ, AT(body), 0, 0, NULL,
        "Your order of Maize flour 2 kg was received."},
    {"encoding", FIELD_CUSTOM, READ, 0, 0, 0, put_encoding, .words = encoding_words},
    {"parts", FIELD_SMALL, READ, AT(parts), 0, 0, NULL},
    {"state", FIELD_STATE, READ, AT(state), 0, 0, NULL, .words = state_words},
    {"attempts", FIELD_SMALL, READ, AT(attempts), 0, 0, NULL},
    {"cost", FIELD_TEXT, READ, AT(cost), 0, 0, NULL, "KES 0.8000"},
    {"failure", FIELD_TEXT, READ, AT(failure), 0, 0, NULL, "InvalidPhoneNumber"},
    {"provider_id", FIELD_TEXT, READ, AT(provider_id), 0, 0, NULL, "ATXid_1"},
    {"provider_status", FIELD_TEXT, READ, AT(provider_status), 0, 0, NULL, "Success"},
    {"created_at", FIELD_TIME, READ, AT(created_at), 0, 0, NULL},
    {"due_at", FIELD_TIME, READ, AT(due_at), 0, 0, NULL},
    {"expires_at", FIELD_TIME, READ, AT(expires_at), 0, 0, NULL},
    {"sent_at", FIELD_TIME, READ, AT(sent_at), 0, 0, NULL},
    {"delivered_at", FIELD_TIME, READ, AT(delivered_at), 0, 0, NULL},
    {"history", FIELD_CUSTOM, READ, 0, 0, 0, put_history, .shape = SHAPE_LIST, .of = &changes},
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
    {"at", FIELD_TIME, READ | ALWAYS, AT(at), 0, 0, NULL},
    {"action", FIELD_CUSTOM, READ, 0, 0, 0, put_action, .words = action_words},
    {"record", FIELD_TEXT, READ, AT(record), 0, 0, NULL, "01a2043f-7a96-767f-8ad7-539c5866c885"},
    {"issuer", FIELD_TEXT, READ, AT(actor.issuer), 0, 0, NULL, "https://login.example.com"},
    {"subject", FIELD_TEXT, READ, AT(actor.subject), 0, 0, NULL, "user-manager"},
    {"client_id", FIELD_TEXT, READ, AT(actor.client_id), 0, 0, NULL, "console"},
    {"address", FIELD_TEXT, READ, AT(actor.address), 0, 0, NULL, "192.0.2.7"},
    {"request_id", FIELD_TEXT, READ, AT(actor.request), 0, 0, NULL,
        "01a2043f-7a96-767f-8ad7-539c5866c885"},
};
#undef AT

#define AT(member) offsetof(struct resend_input, member)
static const struct schema_field resend_input_fields[] = {
    {"state", FIELD_STATE, WRITE | REQUIRED, AT(state), 0, 0, NULL, .words = resent_words},
    {"from", FIELD_TIME, WRITE, AT(from), 0, 0, NULL},
    {"to", FIELD_TIME, WRITE, AT(to), 0, 0, NULL},
    {"customer", FIELD_CODE, WRITE, AT(customer), 1, 64, NULL, "C1001"},
    {"limit", FIELD_SMALL, WRITE, AT(limit), 1, STORE_RESEND_MAX, NULL, .says = "100 when absent"},
    {"dry_run", FIELD_BOOL, WRITE | REQUIRED, AT(dry_run), 0, 0, NULL,
        .says = "Counts, and changes nothing"},
};
#undef AT

#define AT(member) offsetof(struct settle_input, member)
static const struct schema_field settle_input_fields[] = {
    {"state", FIELD_STATE, WRITE | REQUIRED, AT(state), 0, 0, NULL, .words = settled_words},
    {"note", FIELD_TEXT, WRITE, AT(note), 1, 200, NULL, "She called: it arrived"},
};
#undef AT

#define AT(member) offsetof(struct suppression_input, member)
static const struct schema_field suppression_input_fields[] = {
    {"phone", FIELD_PHONE, WRITE | REQUIRED, AT(phone), 0, 0, NULL, "+254712345678"},
    {"sender", FIELD_TEXT, WRITE, AT(sender), 1, 100, NULL, "AGIZO"},
    {"reason", FIELD_TEXT, WRITE, AT(reason), 1, 200, NULL, "Asked on the telephone"},
};
#undef AT

#define AT(member) offsetof(struct suppression, member)
static const struct schema_field suppression_fields[] = {
    {"id", FIELD_UUID, READ, AT(id), 0, 0, NULL},
    {"phone", FIELD_PHONE, READ | ALWAYS, AT(phone), 0, 0, NULL},
    {"sender", FIELD_TEXT, READ | ALWAYS, AT(sender), 0, 0, NULL, "AGIZO"},
    {"source", FIELD_TEXT, READ | ALWAYS, AT(source), 0, 0, NULL, .words = source_words},
    {"reason", FIELD_TEXT, READ, AT(reason), 0, 0, NULL, "Asked on the telephone"},
    {"created_by", FIELD_TEXT, READ, AT(created_by), 0, 0, NULL, "user-manager"},
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
    {"gateway", FIELD_TEXT, READ | ALWAYS, AT(gateway), 0, 0, NULL, "africastalking"},
    {"sender", FIELD_TEXT, READ | ALWAYS, AT(sender), 0, 0, NULL, "AGIZO"},
    {"sending", FIELD_CUSTOM, READ, 0, 0, 0, put_sending, .shape = SHAPE_BOOL},
    {"hold", FIELD_CUSTOM, READ, 0, 0, 0, put_hold, .words = hold_words},
    {"why", FIELD_TEXT, READ, AT(why), 0, 0, NULL, "sending is switched off"},
    {"since", FIELD_TIME, READ, AT(since), 0, 0, NULL},
    {"in_flight", FIELD_INTEGER, READ, AT(in_flight), 0, 0, NULL},
    {"rate", FIELD_INTEGER, READ, AT(rate), 0, 0, NULL},
    {"queued", FIELD_INTEGER, READ, AT(depth), 0, 0, NULL},
    {"oldest_due_at", FIELD_TIME, READ, AT(oldest_due), 0, 0, NULL},
    {"spent_today", FIELD_CUSTOM, READ, 0, 0, 0, put_spent, "KES 12.8000", .pattern = PRICE},
    {"daily_cap", FIELD_CUSTOM, READ, 0, 0, 0, put_day_cap, "KES 5000.0000",
        .shape = SHAPE_TEXT_OR_NULL, .pattern = PRICE},
    {"halted_at", FIELD_TIME, READ, AT(halted_at), 0, 0, NULL},
    {"halted_by", FIELD_TEXT, READ, AT(halted_by), 0, 0, NULL, "user-manager"},
};
#undef AT

#define TEMPLATE_EXAMPLE "Habari {name}, we have received your order of {item}: {amount}."

#define AT(member) offsetof(struct template_input, member)
static const struct schema_field template_input_fields[] = {
    {"text", FIELD_TEXT, WRITE | REQUIRED, AT(text), 1, TEMPLATE_MAX, NULL, TEMPLATE_EXAMPLE},
    {"enabled", FIELD_BOOL, WRITE, AT(enabled), 0, 0, NULL, .says = "true when absent"},
};
#undef AT

static void put_template_event(struct buf *out, const void *row)
{
    json_put_text(out, message_event_text(((const struct template *)row)->event));
}

#define AT(member) offsetof(struct template, member)
#define TEMPLATE_ROWS                                                                              \
    {"event", FIELD_CUSTOM, READ, 0, 0, 0, put_template_event, .words = event_words},              \
        {"language", FIELD_TEXT, READ | ALWAYS, AT(language), 0, 0, NULL, "sw"},                   \
        {"text", FIELD_TEXT, READ | ALWAYS, AT(text), 0, 0, NULL, TEMPLATE_EXAMPLE},               \
        {"enabled", FIELD_BOOL, READ, AT(enabled), 0, 0, NULL},                                    \
        {"version", FIELD_INTEGER, READ, AT(version), 0, 0, NULL},                                 \
        {"updated_by", FIELD_TEXT, READ, AT(updated_by), 0, 0, NULL, "user-manager"},              \
    {                                                                                              \
        "updated_at", FIELD_TIME, READ, AT(updated_at), 0, 0, NULL                                 \
    }
static const struct schema_field template_fields[] = {TEMPLATE_ROWS};
#undef AT

/* As api/templates.c writes them. */
static const struct schema_field sample_fields[] = {
    {"sample", FIELD_TEXT, READ | ALWAYS, 0, 0, 0, NULL, .words = sample_words},
    {"text", FIELD_TEXT, READ | ALWAYS, 0, 0, 0, NULL, "Habari Asha, we have received your order."},
    {"encoding", FIELD_TEXT, READ | ALWAYS, 0, 0, 0, NULL, .words = encoding_words},
    {"parts", FIELD_SMALL, READ, 0, 0, 0, NULL},
    {"cost", FIELD_TEXT, READ, 0, 0, 0, NULL, "KES 0.8000", .pattern = PRICE},
};
static const struct schema samples = SCHEMA("TemplateSample", sample_fields, NULL);

#define AT(member) offsetof(struct template_view, row.member)
static const struct schema_field template_view_fields[] = {
    TEMPLATE_ROWS,
#undef AT
#define AT(member) offsetof(struct template_view, member)
    {"samples", FIELD_JSON, READ, AT(samples), 0, 0, NULL, .shape = SHAPE_LIST, .of = &samples},
    {"suggestion", FIELD_TEXT, READ, AT(suggestion), 0, 0, NULL, "Habari {name}",
        .says = "The text without the characters that keep it out of GSM-7"},
};
#undef AT

static void put_permissions(struct buf *out, const void *row)
{
    const struct session *session = row;
    char separator = '[';
    if (session->permissions == 0) buf_put_char(out, '[');
    for (unsigned i = 0; i < PERMISSION_COUNT; i++) {
        if (!(session->permissions >> i & 1)) continue;
        buf_put_char(out, separator);
        json_put_text(out, permission_scope((enum permission)i));
        separator = ',';
    }
    buf_put_char(out, ']');
}

#define AT(member) offsetof(struct session, member)
static const struct schema_field session_fields[] = {
    {"subject", FIELD_TEXT, READ | ALWAYS, AT(subject), 0, 0, NULL, "user-clerk"},
    {"name", FIELD_TEXT, READ, AT(name), 0, 0, NULL, "Caleb Clerk"},
    {"issuer", FIELD_TEXT, READ | ALWAYS, AT(issuer), 0, 0, NULL, "https://login.example.com"},
    {"permissions", FIELD_CUSTOM, READ, 0, 0, 0, put_permissions, .shape = SHAPE_LIST,
        .words = scope_words},
    {"customer_code", FIELD_TEXT, READ, AT(customer_code), 0, 0, NULL, "C1001"},
    {"expires_at", FIELD_TIME, READ | ALWAYS, AT(expires_at), 0, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct store_session_end, member)
static const struct schema_field ended_fields[] = {
    {"ended", FIELD_INTEGER, READ, AT(ended), 0, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct way_out, member)
static const struct schema_field way_out_fields[] = {
    {"redirect", FIELD_TEXT, READ | ALWAYS, AT(redirect), 0, 0, NULL, "/auth/logout?ticket=…"},
};
#undef AT

#define AT(member) offsetof(struct resent, member)
static const struct schema_field resent_fields[] = {
    {"matched", FIELD_INTEGER, READ, AT(matched), 0, 0, NULL},
    {"resent", FIELD_INTEGER, READ, AT(resent), 0, 0, NULL},
    {"dry_run", FIELD_BOOL, READ, AT(dry_run), 0, 0, NULL},
};
#undef AT

/* Forms, which their steps read themselves; as what is answered, they may have more members. */
static const struct schema_field report_form_fields[] = {
    {"id", FIELD_TEXT, READ | ALWAYS, 0, 0, 0, NULL, "ATXid_1"},
    {"status", FIELD_TEXT, READ | ALWAYS, 0, 0, 0, NULL, "Success"},
    {"phoneNumber", FIELD_TEXT, READ, 0, 0, 0, NULL, "+254712345678"},
    {"networkCode", FIELD_TEXT, READ, 0, 0, 0, NULL, "63902"},
    {"failureReason", FIELD_TEXT, READ, 0, 0, 0, NULL, "InvalidPhoneNumber"},
};
static const struct schema_field optout_form_fields[] = {
    {"phoneNumber", FIELD_TEXT, READ | ALWAYS, 0, 0, 0, NULL, "+254712345678"},
    {"senderId", FIELD_TEXT, READ, 0, 0, 0, NULL, "AGIZO"},
};
static const struct schema_field logout_form_fields[] = {
    {"logout_token", FIELD_TEXT, READ | ALWAYS, 0, 0, 0, NULL, "eyJ…"},
};

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
static const struct schema template_views = SCHEMA("TemplateView", template_view_fields, NULL);
static const struct schema sessions = SCHEMA("Session", session_fields, NULL);
static const struct schema ended = SCHEMA("SessionsEnded", ended_fields, NULL);
static const struct schema ways_out = SCHEMA("WayOut", way_out_fields, NULL);
static const struct schema resent = SCHEMA("Resent", resent_fields, NULL);
static const struct schema report_forms = SCHEMA("ReportForm", report_form_fields, NULL);
static const struct schema optout_forms = SCHEMA("OptoutForm", optout_form_fields, NULL);
static const struct schema logout_forms = SCHEMA("LogoutForm", logout_form_fields, NULL);

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

const struct schema *template_view_schema(void)
{
    return &template_views;
}

const struct schema *session_schema(void)
{
    return &sessions;
}

const struct schema *sessions_ended_schema(void)
{
    return &ended;
}

const struct schema *way_out_schema(void)
{
    return &ways_out;
}

const struct schema *resent_schema(void)
{
    return &resent;
}

const struct schema *report_form_schema(void)
{
    return &report_forms;
}

const struct schema *optout_form_schema(void)
{
    return &optout_forms;
}

const struct schema *logout_form_schema(void)
{
    return &logout_forms;
}
