/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The route table is the API: method, path, step, permission, request schema, reply schema, query parameters; then what it says,
 * its statuses, marks and refusals. It drives routing, the gate, the metrics' labels and /openapi.json. Pure data.
 */
#include "api/routes.h"

#include "api/audit.h"
#include "api/callbacks.h"
#include "api/customers.h"
#include "api/docs.h"
#include "api/gate.h"
#include "api/gateway.h"
#include "api/message_changes.h"
#include "api/messages.h"
#include "api/orders.h"
#include "api/schemas.h"
#include "api/session_view.h"
#include "api/sign_in.h"
#include "api/sign_out.h"
#include "api/suppressions.h"
#include "api/templates.h"
#include "core/check.h"
#include "core/slice.h"
#include "obs/metrics.h"

static const char *const page_of_customers[] = {
    "limit", "cursor", "customer", "from", "to", "q", NULL};
static const char *const page_of_orders[] = {
    "limit", "cursor", "customer", "from", "to", "currency", "min_amount", "max_amount", "q", NULL};
static const char *const page_of_messages[] = {
    "limit", "cursor", "customer", "from", "to", "state", "order", "q", NULL};
static const char *const page_of_audit[] = {
    "limit", "cursor", "from", "to", "subject", "record", NULL};
static const char *const page_of_suppressions[] = {"limit", "cursor", "from", "to", "phone", NULL};
static const char *const if_unknown[] = {"unknown", NULL};
static const char *const only_to_see[] = {"dry_run", NULL};
static const char *const whose_sessions[] = {"subject", "issuer", NULL};
static const char *const which_provider[] = {"issuer", "return", NULL};
static const char *const way_back[] = {"state", "code", "iss", "error", "error_description", NULL};
static const char *const the_ticket[] = {"ticket", NULL};
static const char *const which_build[] = {"v", NULL};

#define CAN(permission) PERMISSION_##permission
#define FAILS(...)                                                                                 \
    .fails = (const enum err[])                                                                    \
    {                                                                                              \
        __VA_ARGS__, ERR_OK                                                                        \
    }
#define HTML "text/html"
#define CACHED (ROUTE_ETAG | ROUTE_FRESH)
#define ROUTE(method, path, step, permission, ...)                                                 \
    {                                                                                              \
        method, path, method " " path, step, #step, permission, false, false, __VA_ARGS__,         \
            .enter = NULL                                                                          \
    }
/* The same, but for customers: it is about everybody's messages. */
#define STAFF(method, path, step, permission, ...)                                                 \
    {                                                                                              \
        method, path, method " " path, step, #step, permission, false, true, __VA_ARGS__,          \
            .enter = NULL                                                                          \
    }
/* Its step comes first, and asks for credentials itself or needs none. */
#define OPEN(method, path, step, ...)                                                              \
    {                                                                                              \
        method, path, method " " path, step, #step, .enter = step, __VA_ARGS__                     \
    }
/* The same for a person's browser on its way; it changes something here or at the provider. */
#define VISIT(path, step, ...)                                                                     \
    {                                                                                              \
        "GET", path, "GET " path, step, #step, .enter = step, .visit = true, .status = {303},      \
                                               __VA_ARGS__                                         \
    }

/* Of steps that ask the store before anybody is known. */
#define STORE_ERRORS ERR_INTERNAL, ERR_BUSY, ERR_UNAVAILABLE
#define CALLBACK_FAILS FAILS(ERR_NOT_FOUND, ERR_INVALID_CALLBACK, ERR_RATE_LIMITED, STORE_ERRORS)
#define RETURN_ERRORS                                                                              \
    ERR_BAD_SIGN_IN, ERR_SIGN_IN_REFUSED, ERR_PROVIDER_FAILED, ERR_PROVIDER_TIMEOUT, STORE_ERRORS

static const struct route routes[] = {
    ROUTE("GET", "/v1/customers", customer_list, CAN(CUSTOMERS_READ), NULL, customer_schema,
        page_of_customers, .says = "Lists customers, newest first"),
    ROUTE("POST", "/v1/customers", customer_create, CAN(CUSTOMERS_WRITE), customer_schema,
        customer_schema, NULL, .says = "Adds a customer", .status = {201}, .marks = ROUTE_KEYED,
        FAILS(ERR_CODE_TAKEN)),
    ROUTE("GET", "/v1/customers/{id}", customer_get, CAN(CUSTOMERS_READ), NULL, customer_schema,
        NULL, .says = "Reads a customer", .marks = CACHED),
    ROUTE("GET", "/v1/orders", order_list, CAN(ORDERS_READ), NULL, order_schema, page_of_orders,
        .says = "Lists orders, latest time first"),
    ROUTE("POST", "/v1/orders", order_create, CAN(ORDERS_WRITE), order_input_schema, order_schema,
        NULL, .says = "Adds an order, and its message", .status = {201}, .marks = ROUTE_KEYED,
        FAILS(ERR_REF_TAKEN, ERR_UNKNOWN_CUSTOMER)),
    ROUTE("GET", "/v1/orders/{id}", order_get, CAN(ORDERS_READ), NULL, order_schema, NULL,
        .says = "Reads an order, with its message's id and state", .marks = CACHED),
    ROUTE("GET", "/v1/messages", message_list, CAN(MESSAGES_READ), NULL, message_schema,
        page_of_messages, .says = "Lists messages, newest first"),
    ROUTE("GET", "/v1/messages/{id}", message_get, CAN(MESSAGES_READ), NULL, message_schema, NULL,
        .says = "Reads a message, with its history"),
    ROUTE("POST", "/v1/messages/{id}/resend", message_resend, CAN(MESSAGES_WRITE), NULL,
        message_schema, if_unknown, .says = "Queues a message again",
        FAILS(ERR_NOT_RESENDABLE, ERR_QUARANTINED)),
    ROUTE("POST", "/v1/messages/{id}/settle", message_settle, CAN(MESSAGES_WRITE),
        settle_input_schema, message_schema, NULL, .says = "Says what became of an unknown message",
        FAILS(ERR_NOT_UNKNOWN)),
    ROUTE("POST", "/v1/messages/resend", messages_resend, CAN(MESSAGES_WRITE), resend_input_schema,
        resent_schema, NULL, .says = "Queues all messages of a filter again, oldest first"),
    STAFF("GET", "/v1/gateway", gateway_view, CAN(MESSAGES_READ), NULL, gateway_schema, NULL,
        .says = "Tells how sending stands, and why it does not"),
    ROUTE("PUT", "/v1/gateway", gateway_switch, CAN(MESSAGES_WRITE), gateway_input_schema,
        gateway_schema, NULL, .says = "Switches all sending off, or on again"),
    STAFF("GET", "/v1/suppressions", suppression_list, CAN(MESSAGES_READ), NULL, suppression_schema,
        page_of_suppressions, .says = "Lists the numbers that get no SMS, newest first"),
    ROUTE("POST", "/v1/suppressions", suppression_add, CAN(MESSAGES_WRITE),
        suppression_input_schema, suppression_schema, NULL,
        .says = "Adds a number that gets no SMS; 200 when it is there already",
        .status = {201, 200}),
    ROUTE("DELETE", "/v1/suppressions/{id}", suppression_remove, CAN(MESSAGES_WRITE), NULL, NULL,
        NULL, .says = "Takes a number off again", .status = {204}),
    STAFF("GET", "/v1/templates", template_list, CAN(MESSAGES_READ), NULL, template_schema, NULL,
        .says = "Lists all texts of messages, the built-in ones too", .marks = ROUTE_ALL),
    STAFF("GET", "/v1/templates/{event}/{language}", template_get, CAN(MESSAGES_READ), NULL,
        template_view_schema, NULL, .says = "Reads a text of messages, and what it comes to",
        .marks = ROUTE_ETAG),
    ROUTE("PUT", "/v1/templates/{event}/{language}", template_put, CAN(MESSAGES_WRITE),
        template_input_schema, template_view_schema, only_to_see,
        .says = "Writes a text of messages", .marks = ROUTE_ETAG | ROUTE_IF_MATCH,
        FAILS(ERR_TOO_MANY_TEMPLATES)),
    ROUTE("DELETE", "/v1/templates/{event}/{language}", template_remove, CAN(MESSAGES_WRITE), NULL,
        NULL, NULL, .says = "Goes back to the built-in text", .status = {204},
        .marks = ROUTE_IF_MATCH),
    OPEN("POST", "/v1/callbacks/africastalking/{secret}/delivery", callback_delivery,
        .takes = report_form_schema, .says = "For the gateway alone: a delivery report",
        .marks = ROUTE_FORM, CALLBACK_FAILS),
    OPEN("POST", "/v1/callbacks/africastalking/{secret}/optout", callback_optout,
        .takes = optout_form_schema,
        .says = "For the gateway alone: a subscriber wants no more SMS", .marks = ROUTE_FORM,
        CALLBACK_FAILS),
    ROUTE("GET", "/v1/audit", audit_list, CAN(AUDIT_READ), NULL, audit_schema, page_of_audit,
        .says = "Lists who did what, newest first"),
    ROUTE("DELETE", "/v1/sessions", sessions_end, CAN(SESSIONS_WRITE), NULL, sessions_ended_schema,
        whose_sessions, .says = "Ends all sessions of a person"),
    OPEN("GET", "/", landing_view, .says = "Shows a page with a way to sign in", .media = HTML),
    OPEN("GET", "/openapi.json", openapi_view, .says = "Gives this description",
        .media = "application/json", .marks = CACHED),
    OPEN("GET", "/docs", docs_view, .says = "Shows this description to people", .media = HTML,
        .marks = CACHED),
    OPEN("GET", "/docs/{file}", docs_file, .parameters = which_build,
        .says = "Gives a part of that page", .media = "*/*", .marks = CACHED,
        FAILS(ERR_NOT_FOUND, ERR_NOT_ACCEPTABLE)),
    VISIT("/auth/login", sign_in_begin, .parameters = which_provider,
        .says = "Leads a browser to the provider's page", FAILS(ERR_NOT_FOUND, ERR_UNAVAILABLE)),
    VISIT("/auth/callback", sign_in_finish, .parameters = way_back,
        .says = "Takes a browser back from the provider, and begins a session",
        FAILS(RETURN_ERRORS)),
    VISIT("/auth/callback/{issuer}", sign_in_finish, .parameters = way_back,
        .says = "The same for the second provider", FAILS(RETURN_ERRORS, ERR_NOT_FOUND)),
    OPEN("POST", "/auth/logout", sign_out, .gives = way_out_schema,
        .says = "Ends the session, and tells where the browser is to go next",
        .marks = ROUTE_SESSION, FAILS(ERR_CROSS_SITE, STORE_ERRORS)),
    VISIT("/auth/logout", sign_out_leave, .parameters = the_ticket,
        .says = "Leads a browser to the provider's page for signing out", FAILS(ERR_BAD_SIGN_OUT)),
    OPEN("GET", "/auth/session", session_view, .gives = session_schema,
        .says = "Tells who is signed in", .marks = ROUTE_SESSION,
        FAILS(ERR_AMBIGUOUS_CREDENTIALS, ERR_NO_SESSION, STORE_ERRORS)),
    OPEN("POST", "/auth/backchannel-logout", backchannel_logout, .takes = logout_form_schema,
        .says = "For the provider alone: sessions are over", .marks = ROUTE_FORM,
        FAILS(ERR_INVALID_LOGOUT_TOKEN, ERR_RATE_LIMITED, STORE_ERRORS)),
};
_Static_assert(ARRAY_LEN(routes) < METRIC_LABEL_MAX, "every route has a label");

const struct route_table *api_routes(void)
{
    static const struct route_table table = {
        routes, ARRAY_LEN(routes), api_enter, .secret_behind = CALLBACKS_NAME};
    return &table;
}

struct slice api_route_label(unsigned value)
{
    if (value == 0) return SLICE("none");
    if (value > ARRAY_LEN(routes)) return slice_absent();
    return slice_of(routes[value - 1].label);
}
